import { and, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { memberships } from '#/db/schema'
import { touched } from '#/db/touch'
import { ApiError } from '#/errors'
import { tell } from '#/events/announce'
import { listStatements, pageOf, searchIn } from '#/http/list'
import { described, listParams, optional } from '#/http/params'
import { url } from '#/http/url-param'
import { plainText, typed } from '#/identity/params'
import { accept } from '#/identity/teams/acceptance'
import {
  grantRemoval,
  grantRoleChange,
  grantTeam,
  OWNER,
  openMembership,
  teamById,
  teamSequence,
} from '#/identity/teams/access'
import { invite } from '#/identity/teams/invitations'
import {
  visibleColumns,
  visibleFields,
  visibleRow,
  type WithMember,
} from '#/identity/teams/members'
import {
  MEMBERSHIP_ATTRIBUTES,
  membershipListModel,
  membershipModel,
  revealed,
} from '#/identity/teams/models'
import { loadForChange, unlessLastOwner } from '#/identity/teams/owners'
import { EMAIL_POLICY_ERRORS } from '#/identity/users/new-user'
import { uid, uidOf } from '#/ids'
import { email } from '#/lib/contact/email'
import { phone } from '#/lib/contact/phone'
import { route } from '#/pipeline/route'

const all = '/v1/teams/:teamId/memberships'
const one = `${all}/:membershipId`
const inTeam = z.object({ teamId: uidOf('team') })
const inMembership = inTeam.extend({ membershipId: uidOf('membership') })

const ROLE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$/
const roles = described(
  z
    .array(
      z
        .string()
        .regex(ROLE, 'must be 1 to 81 of A-Z a-z 0-9 . _ - and start with a letter or digit')
        .meta({ wire: { type: 'string', minLength: 1, maxLength: 81, pattern: ROLE.source } }),
    )
    .max(100),
  'Roles of the member, of which only `owner` has a meaning of its own.',
)

export const listMemberships = route(
  {
    name: 'teams.listMemberships',
    summary: 'List the memberships of a team',
    description:
      'Lists the memberships of a team, pending ones too, for its members and API ' +
      "keys. The project's privacy policy decides what members see of each other; API " +
      'keys see all.',
    method: 'get',
    path: all,
    scopes: ['teams.read'],
    input: { param: inTeam, query: z.object(listParams) },
    status: 200,
    model: membershipListModel,
    errors: ['general_cursor_not_found', 'general_query_invalid', 'team_not_found'],
  },
  async (c, { teamId, ...params }) => {
    const { db, caller } = c.var
    const visible = await visibleFields(c)
    const list = listStatements(c, params, {
      table: memberships,
      attributes: MEMBERSHIP_ATTRIBUTES,
      extra: { member: visibleColumns(visible) },
      where: eq(memberships.teamId, teamId),
      search: (term) =>
        searchIn(
          memberships.sequence,
          'memberships_search',
          term,
          sql`'t' || ${teamSequence(db, teamId)}`,
        ),
    })
    const [[found], ...rows] = await db.batch([teamById(db, teamId), ...list.statements])
    const team = grantTeam(caller, found)
    const page = pageOf<WithMember>(list, rows)
    return { ...page, rows: page.rows.map((row) => visibleRow(row, team.name, visible)) }
  },
)

export const createMembership = route(
  {
    name: 'teams.createMembership',
    summary: 'Invite somebody to a team',
    description:
      'Invites a user or a stranger, who becomes a user, and sends the link by mail ' +
      'or text message. Owners and API keys only. What an API key adds is confirmed ' +
      'at once, and nothing is sent.',
    method: 'post',
    path: all,
    scopes: ['teams.write'],
    authMethod: 'invites',
    limit: { limit: 10, windowSeconds: 3600, keys: ['url:{url},ip:{ip}'], networkLimit: 100 },
    event: ['teams.[teamId].memberships.[membershipId].create', 'users.[userId].create'],
    input: {
      param: inTeam,
      body: z.object({
        email: optional(email),
        userId: described(optional(uid), 'ID of the invitee, which counts before the addresses.'),
        phone: optional(phone),
        roles,
        url: described(
          optional(url),
          'URL that the link leads to, on one of the platforms of the project; users must give it.',
        ),
        name: described(optional(plainText(128)), 'Name of an invitee who is no user yet.'),
      }),
    },
    status: 201,
    model: membershipModel,
    errors: [
      'general_argument_invalid',
      'general_bad_request',
      'general_invalid_email',
      'general_invalid_phone',
      'general_phone_disabled',
      'general_smtp_disabled',
      'membership_already_confirmed',
      'team_not_found',
      'user_already_exists',
      'user_count_exceeded',
      'user_email_already_exists',
      ...EMAIL_POLICY_ERRORS,
      'user_not_found',
      'user_unauthorized',
    ],
  },
  invite,
)

export const getMembership = route(
  {
    name: 'teams.getMembership',
    summary: 'Get a membership',
    description:
      "Returns a membership to the members of its team and to API keys. The project's " +
      'privacy policy decides what members see of each other.',
    method: 'get',
    path: one,
    scopes: ['teams.read'],
    input: { param: inMembership },
    status: 200,
    model: membershipModel,
    errors: ['membership_not_found', 'team_membership_mismatch', 'team_not_found'],
  },
  async (c, ids) => {
    const visible = await visibleFields(c)
    const { team, membership } = await openMembership(c, ids, visibleColumns(visible))
    return visibleRow(membership, team.name, visible)
  },
)

export const updateMembership = route(
  {
    name: 'teams.updateMembership',
    summary: "Change a member's roles",
    description:
      'Replaces the roles of a membership, also of a pending one. Owners and API keys ' +
      'only. Unlike with Appwrite, the last owner cannot give up the role while the ' +
      'team has other members.',
    method: 'patch',
    path: one,
    scopes: ['teams.write'],
    event: 'teams.[teamId].memberships.[membershipId].update',
    input: { param: inMembership, body: z.object({ roles }) },
    status: 200,
    model: membershipModel,
    errors: [
      'membership_downgrade_prohibited',
      'membership_not_found',
      'team_membership_mismatch',
      'team_not_found',
      'user_not_found',
      'user_unauthorized',
    ],
  },
  async (c, { roles, ...ids }) => {
    const { db, caller, now } = c.var
    const loaded = await loadForChange(c, ids)
    const { team, membership, member } = grantRoleChange(caller, loaded.team, loaded.membership)
    const stays = eq(memberships.sequence, membership.sequence)
    const guard = roles.includes(OWNER) ? undefined : unlessLastOwner(c, loaded.wasShared)
    const [[updated], [left]] = await db.batch([
      db
        .update(memberships)
        .set(touched(memberships, { roles }, now))
        .where(and(stays, guard))
        .returning(),
      db.select({ id: memberships.id }).from(memberships).where(stays),
    ])
    if (updated) return revealed(updated, team.name, member)
    throw new ApiError(left ? 'membership_downgrade_prohibited' : 'membership_not_found')
  },
)

export const updateMembershipStatus = route(
  {
    name: 'teams.updateMembershipStatus',
    summary: 'Accept an invitation',
    description:
      'Confirms a membership with the secret from the invitation, which works once. A ' +
      'guest is signed in by it; whoever is signed in has to be the invitee. API keys ' +
      'do not have the scope.',
    method: 'patch',
    path: `${one}/status`,
    scopes: ['public'],
    event: 'teams.[teamId].memberships.[membershipId].update.status',
    input: {
      param: inMembership,
      body: z.object({
        userId: uidOf('invitee'),
        secret: described(typed(), 'Secret from the invitation.'),
      }),
    },
    status: 200,
    model: membershipModel,
    errors: [
      'membership_already_confirmed',
      'membership_not_found',
      'team_invalid_secret',
      'team_invite_mismatch',
      'team_membership_mismatch',
      'team_not_found',
    ],
  },
  accept,
)

export const deleteMembership = route(
  {
    name: 'teams.deleteMembership',
    summary: 'Leave a team or remove a member',
    description:
      'Deletes a membership or declines an invitation. Members may leave; owners and ' +
      'API keys may remove anybody. Unlike with Appwrite, the last owner cannot leave ' +
      'while the team has other members.',
    method: 'delete',
    path: one,
    scopes: ['teams.write'],
    event: 'teams.[teamId].memberships.[membershipId].delete',
    input: { param: inMembership },
    status: 204,
    errors: [
      'membership_deletion_prohibited',
      'team_invite_not_found',
      'team_membership_mismatch',
      'team_not_found',
      'user_not_found',
      'user_unauthorized',
    ],
  },
  async (c, ids) => {
    const { db, caller } = c.var
    const loaded = await loadForChange(c, ids)
    const { team, membership, member } = grantRemoval(caller, loaded.team, loaded.membership)
    const stays = eq(memberships.sequence, membership.sequence)
    const guard = unlessLastOwner(c, loaded.wasShared)
    const [[gone], [left]] = await db.batch([
      db.delete(memberships).where(and(stays, guard)).returning({ id: memberships.id }),
      db.select({ id: memberships.id }).from(memberships).where(stays),
    ])
    if (!gone) {
      throw new ApiError(left ? 'membership_deletion_prohibited' : 'team_invite_not_found')
    }
    const before = revealed(membership, team.name, member)
    tell(c, { payload: (view) => membershipModel.wire(before, view) })
    return undefined
  },
)
