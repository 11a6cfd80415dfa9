import { desc, eq } from 'drizzle-orm'
import type { Env } from '#/config/env'
import { memberships, oneTimeSecrets, outbox, sessions, teams, users } from '#/db/schema'
import { NOW, type World, world } from '#test/support/world'

/** A moment after a team was made, so that a membership is not taken for its founder's; the day is the same. */
export const LATER = new Date(NOW.getTime() + 1)

/** Returns a world that keeps its mails and text messages, and counts no requests. Requests come at LATER. */
export const teamWorld = (overrides: Partial<Env> = {}, clock = () => LATER) =>
  world({ MAIL_OUTBOX: 'on', RATE_LIMITS: 'off', ...overrides }, clock)

/** Stores a team with its founder, who is signed in. */
export async function founded(w: World, fields: Partial<typeof teams.$inferInsert> = {}) {
  const owner = await w.signedIn({ name: 'Olga Owner' })
  const team = await w.team({ name: 'Red team', ...fields })
  const membership = await w.member(team.id, owner.user.id, { roles: ['owner'] })
  return { team, owner, membership, at: `/teams/${team.id}` }
}

/** Stores a confirmed member of a team, who is signed in. */
export async function joined(w: World, teamId: string, roles: string[] = []) {
  const person = await w.signedIn({ name: 'Mia Member' })
  const membership = await w.member(teamId, person.user.id, { roles, createdAt: LATER })
  return { ...person, membership }
}

/** Makes up an address that no other test uses. */
export const newEmail = () => `${crypto.randomUUID()}@example.org`

export const URL_ = 'http://localhost/join'

/** Sends an invitation as an owner. */
export const inviteTo = (
  w: World,
  at: string,
  headers: Record<string, string>,
  fields: Record<string, unknown>,
) => w.send('post', `${at}/memberships`, { roles: [], url: URL_, ...fields }, headers)

/** Returns the newest message to an address. */
export async function messageTo(w: World, to: string) {
  const [message] = await w.db
    .select()
    .from(outbox)
    .where(eq(outbox.to, to))
    .orderBy(desc(outbox.sequence))
  return message
}

/** Returns the link in the newest message to an address, as a browser would follow it. */
export async function linkTo(w: World, to: string) {
  const message = await messageTo(w, to)
  const [link] = /https?:\/\/[^\s]+/.exec(message?.text ?? '') ?? []
  if (link === undefined) throw new Error(`No link was sent to ${to}.`)
  return new URL(link)
}

/** Returns what a link says to whoever follows it. */
export function readLink(link: URL) {
  const read = (name: string) => link.searchParams.get(name) ?? ''
  return {
    teamId: read('teamId'),
    membershipId: read('membershipId'),
    userId: read('userId'),
    secret: read('secret'),
    teamName: read('teamName'),
  }
}

export type LinkFields = ReturnType<typeof readLink>

/** Follows an invitation. */
export const acceptAs = (
  w: World,
  { teamId, membershipId, userId, secret }: LinkFields,
  headers: Record<string, string> = {},
) =>
  w.send(
    'patch',
    `/teams/${teamId}/memberships/${membershipId}/status`,
    { userId, secret },
    headers,
  )

export const teamRow = async (w: World, id: string) =>
  (await w.db.select().from(teams).where(eq(teams.id, id)))[0]

export const membershipRow = async (w: World, id: string) =>
  (await w.db.select().from(memberships).where(eq(memberships.id, id)))[0]

export const membershipsOf = (w: World, teamId: string) =>
  w.db.select().from(memberships).where(eq(memberships.teamId, teamId))

export const userByEmail = async (w: World, email: string) =>
  (await w.db.select().from(users).where(eq(users.email, email)))[0]

export const sessionsOf = (w: World, userId: string) =>
  w.db.select().from(sessions).where(eq(sessions.userId, userId))

export const invitesOf = (w: World, membershipId: string) =>
  w.db.select().from(oneTimeSecrets).where(eq(oneTimeSecrets.ref, membershipId))
