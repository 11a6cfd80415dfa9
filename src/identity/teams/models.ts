import { z } from 'zod'
import type { Membership, Team, User } from '#/db/schema'
import { listModel, model, optionalTime, printOptionalTime, printTime, time } from '#/http/model'
import { preferencesSchema } from '#/identity/models'

/** docs/contract/teams.md §2. */
export const teamModel = model(
  'team',
  {
    $id: z.string(),
    $createdAt: time,
    $updatedAt: time,
    name: z.string(),
    total: z.int(),
    prefs: preferencesSchema,
  },
  (row: Team) => ({
    $id: row.id,
    $createdAt: printTime(row.createdAt),
    $updatedAt: printTime(row.updatedAt),
    name: row.name,
    total: row.total,
    prefs: row.prefs,
  }),
)
export const teamListModel = listModel('teamList', 'teams', teamModel)

/** What of a member is shown beside the membership itself; '', null and false stand for what is hidden. */
export type Profile = {
  userId: string
  userName: string
  userEmail: string
  userPhone: string
  mfa: boolean
  userAccessedAt: Date | null
}

/** A membership with its team's name and with what of its user may be seen. */
export type MembershipRow = Omit<Membership, 'userId'> & { teamName: string } & Profile

/**
 * Returns a membership as answers to changes show it: with name and e-mail address, whatever the owner's rules
 * on privacy are, and never with more (docs/contract/teams.md §2).
 */
export const revealed = (
  membership: Membership,
  teamName: string,
  user: Pick<User, 'name' | 'email'>,
): MembershipRow => ({
  ...membership,
  teamName,
  userName: user.name,
  userEmail: user.email ?? '',
  userPhone: '',
  mfa: false,
  userAccessedAt: null,
})

/** docs/contract/teams.md §2. */
export const membershipModel = model(
  'membership',
  {
    $id: z.string(),
    $createdAt: time,
    $updatedAt: time,
    userId: z.string(),
    userName: z.string(),
    userEmail: z.string(),
    userPhone: z.string(),
    teamId: z.string(),
    teamName: z.string(),
    invited: time,
    joined: optionalTime,
    confirm: z.boolean(),
    mfa: z.boolean(),
    userAccessedAt: optionalTime,
    roles: z.array(z.string()),
  },
  (row: MembershipRow) => ({
    $id: row.id,
    $createdAt: printTime(row.createdAt),
    $updatedAt: printTime(row.updatedAt),
    userId: row.userId,
    userName: row.userName,
    userEmail: row.userEmail,
    userPhone: row.userPhone,
    teamId: row.teamId,
    teamName: row.teamName,
    invited: printOptionalTime(row.invited),
    joined: printOptionalTime(row.joined),
    confirm: row.confirm,
    mfa: row.mfa,
    userAccessedAt: printOptionalTime(row.userAccessedAt),
    roles: row.roles,
  }),
  { userPhone: '1.9.2', mfa: '1.5.0' },
)
export const membershipListModel = listModel('membershipList', 'memberships', membershipModel)

/** Attributes that lists of memberships filter and sort by (docs/contract/queries.md §8). */
export const MEMBERSHIP_ATTRIBUTES = {
  userId: 'string',
  teamId: 'string',
  roles: 'string[]',
  invited: 'datetime',
  joined: 'datetime',
  confirm: 'boolean',
} as const
