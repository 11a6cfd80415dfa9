import { getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { isPrivileged } from '#/auth/caller'
import { authenticators, type Membership, memberships, users } from '#/db/schema'
import type { AppEnv } from '#/http/context'
import type { MembershipRow, Profile } from '#/identity/teams/models'
import { projectOf } from '#/project/settings'

/** What memberships need to know of their user; `accessedAt` is epoch milliseconds. */
export type Member = {
  name: string
  email: string | null
  phone: string | null
  mfa: boolean
  accessedAt: number | null
}

type Stored = Omit<Member, 'mfa'> & { mfa: 0 | 1 }

function readMember(json: string): Member {
  const { mfa, ...stored }: Stored = JSON.parse(json) // as MEMBER made it
  return { ...stored, mfa: mfa === 1 }
}

/** Checks whether a user's second factor is on and one can be used (docs/contract/teams.md §2). */
const USES_MFA = sql`${users.mfa} and (
  (${users.email} is not null and ${users.emailVerification})
  or (${users.phone} is not null and ${users.phoneVerification})
  or exists (select 1 from ${authenticators}
    where ${authenticators.userId} = ${users.id} and ${authenticators.verified}))`

// The builder strips table names from the columns of a selected expression, but not from those of one
// inside it: hence the nesting.
const MEMBER = sql`(select json_object('name', ${users.name}, 'email', ${users.email},
  'phone', ${users.phone}, 'mfa', ${USES_MFA}, 'accessedAt', ${users.accessedAt})
  from ${users} where ${users.id} = ${memberships.userId})`

/** Reads a membership's user in the statement that reads the membership; null when the user is gone. */
export const memberColumn: SQL.Aliased<Member | null> = sql`${MEMBER}`
  .mapWith(readMember)
  .as('member')

const memberHidden = sql<Member | null>`null`.as('member')

/** Which fields of members the caller may see. */
export type Visible = Readonly<Record<keyof Profile, boolean>>

const ALL: Visible = {
  userId: true,
  userName: true,
  userEmail: true,
  userPhone: true,
  mfa: true,
  userAccessedAt: true,
}

/** Returns the fields that the owner lets members see of each other; keys see all (docs/contract/teams.md §2). */
export async function visibleFields(c: Context<AppEnv>): Promise<Visible> {
  if (isPrivileged(c.var.caller)) return ALL
  const { policies } = await projectOf(c)
  return {
    userId: policies.memberUserId,
    userName: policies.memberUserName,
    userEmail: policies.memberUserEmail,
    userPhone: policies.memberUserPhone,
    mfa: policies.memberMfa,
    userAccessedAt: policies.memberAccessedAt,
  }
}

/** Returns the columns of a membership as its readers see it; the user is not read where nothing of it shows. */
export function visibleColumns({ userId: _, ...ofUser }: Visible) {
  return Object.values(ofUser).some(Boolean) ? memberColumn : memberHidden
}

/** A membership with its user. */
export type WithMember = Membership & { member: Member | null }

export const membershipColumns = getTableColumns(memberships)

/** Returns a membership as its readers see it: what is hidden is blank. There is no exception for one's own. */
export function visibleRow(
  { member, ...row }: WithMember,
  teamName: string,
  visible: Visible,
): MembershipRow {
  return {
    ...row,
    teamName,
    userId: visible.userId ? row.userId : '',
    userName: (visible.userName && member?.name) || '',
    userEmail: (visible.userEmail && member?.email) || '',
    userPhone: (visible.userPhone && member?.phone) || '',
    mfa: visible.mfa && member?.mfa === true,
    userAccessedAt:
      visible.userAccessedAt && member?.accessedAt ? new Date(member.accessedAt) : null,
  }
}
