import { and, eq, gte, inArray, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { z } from 'zod'
import {
  type Caller,
  GUEST,
  keyCaller,
  type Lost,
  type Person,
  ROOT_KEY,
  type Self,
  userCaller,
} from '#/auth/caller'
import { type Credentials, credentialsOf } from '#/auth/credentials'
import { verifyJwt } from '#/auth/jwt'
import { isStale, recordKeyUse } from '#/auth/last-use'
import { hashOneTime } from '#/auth/one-time'
import { addPeople } from '#/auth/people'
import { chooseSession, type ShownSession } from '#/auth/shown-sessions'
import { findUnbound } from '#/auth/unbound-jwt'
import type { Database } from '#/db'
import { gather } from '#/db/gather'
import { type Key, keys, type Session, sessions, users } from '#/db/schema'
import { ApiError } from '#/errors'
import { type Clients, platformRows, projectClients } from '#/http/clients'
import type { AppEnv } from '#/http/context'
import { normalEmail } from '#/lib/contact/email'
import { hashSecret, sameSecret } from '#/lib/secrets'
import {
  DEFAULT_SETTINGS,
  type ProjectSettings,
  readSettings,
  settingsRows,
} from '#/project/settings'

type Ctx = Context<AppEnv>
type Batch = ReturnType<typeof gather>

/** What a request's credentials come to. */
export type Identified = {
  caller: Caller
  self: Self | undefined
  lost: Lost | undefined
  /** Not read for the deployment's own key, which no setting stops. */
  project: ProjectSettings | undefined
  clients: Clients | undefined
}

/** Nobody: what a request is on the reserved project, which has no data. */
export const NOBODY: Identified = {
  caller: GUEST,
  self: undefined,
  lost: undefined,
  project: DEFAULT_SETTINGS,
  clients: undefined,
}

const ephemeralClaims = z.object({
  projectId: z.string(),
  scopes: z.array(z.string()),
  exp: z.number(),
  /** Sequence of the stored key that made it; the deployment's own key makes those without. */
  origin: z.int().optional(),
})

/**
 * Turns the credentials of a request into a caller, and reads the project's settings, in one D1 round trip
 * (docs/contract/auth.md §2, §5–8). All of it is read afresh: what is revoked is gone with the next request.
 * @throws `project_id_missing` when a key comes with the header of another project, or one that is not valid
 * without a header
 * @throws `user_unauthorized` for an unknown key, `project_key_expired` for an expired one
 * @throws `user_jwt_invalid`, `user_jwt_and_cookie_set`
 */
export async function authenticate(c: Ctx): Promise<Identified> {
  const given = credentialsOf(c)
  const header = projectHeader(c)
  if (given.key && !(header ? header === c.var.settings.PROJECT_ID : c.var.hasProject)) {
    throw new ApiError('project_id_missing')
  }
  if (!c.var.hasProject) return NOBODY
  const batch = gather(c.var.db)
  const key = await findKey(c, batch, given.key)
  const self = await findSelf(c, batch, given)
  const platforms = c.req.header('origin') ? batch.add(platformRows(c.var.db)) : undefined
  const isRoot = batch.isEmpty() && key?.().kind === 'key'
  const settings = isRoot ? undefined : batch.add(settingsRows(c.var.db))
  await batch.run()
  const { self: signedIn, lost } = self()
  const byKey = key?.()
  if (byKey && byKey.kind !== 'key' && !header) throw new ApiError('project_id_missing')
  return {
    caller: byKey ?? (signedIn ? userCaller(signedIn) : GUEST),
    self: signedIn,
    lost,
    project: settings && readSettings(settings()),
    clients: platforms && projectClients(c, platforms()),
  }
}

const projectHeader = (c: Ctx) => c.req.header('x-appwrite-project') || undefined

/** Finds the caller behind an API key. @returns undefined where no key was sent */
async function findKey(
  c: Ctx,
  batch: Batch,
  key: string | undefined,
): Promise<(() => Caller) | undefined> {
  if (!key) return
  const kind = key.includes('_') ? key.slice(0, key.indexOf('_')) : 'standard'
  if (await sameSecret(key, c.var.settings.API_KEY)) return () => ROOT_KEY
  if (kind === 'standard') {
    const rows = batch.add(
      c.var.db
        .select()
        .from(keys)
        .where(eq(keys.secretHash, await hashSecret(key))),
    )
    return () => storedKey(c, rows()[0])
  }
  return kind === 'ephemeral' || kind === 'dynamic'
    ? ephemeralKey(c, batch, key.slice(kind.length + 1))
    : () => GUEST
}

function storedKey(c: Ctx, row: Key | undefined): Caller {
  if (!row && !projectHeader(c)) throw new ApiError('project_id_missing')
  if (!row) throw new ApiError('user_unauthorized', 'There is no API key with this secret.')
  if (row.expiresAt && row.expiresAt < c.var.now) throw new ApiError('project_key_expired')
  recordKeyUse(c, row)
  return keyCaller(row.id, row.scopes, row.expiresAt ?? undefined, row.sequence)
}

/**
 * Finds the caller behind an ephemeral key. A bad, foreign or expired one is a guest, not an error
 * (docs/contract/auth.md §7.1). Differs: one that a stored key made ends with that key, and holds only what that key
 * holds now.
 */
async function ephemeralKey(c: Ctx, batch: Batch, jwt: string): Promise<() => Caller> {
  const { settings, now, db } = c.var
  const claims = ephemeralClaims.safeParse(await verifyJwt(jwt, settings.SECRET, now))
  if (!claims.success || claims.data.projectId !== settings.PROJECT_ID) return () => GUEST
  const { scopes, exp, origin } = claims.data
  const expiresAt = new Date(exp * 1000)
  if (origin === undefined) return () => keyCaller('ephemeral', scopes, expiresAt)
  const rows = batch.add(db.select().from(keys).where(eq(keys.sequence, origin)))
  return () => {
    const [maker] = rows()
    if (!maker || (maker.expiresAt && maker.expiresAt < now)) return GUEST
    const end = Math.min(expiresAt.getTime(), maker.expiresAt?.getTime() ?? Number.MAX_SAFE_INTEGER)
    const held = scopes.filter((scope) => maker.scopes.includes(scope))
    return keyCaller('ephemeral', held, new Date(end), origin)
  }
}

const jwtClaims = z.object({ userId: z.string(), sessionId: z.string().default('') })

/** Finds out who is signed in, by session or JWT, and whom they impersonate. */
async function findSelf(c: Ctx, batch: Batch, given: Credentials) {
  const bySession = await addSessions(c, batch, given.sessions)
  const byJwt = given.jwt ? await addJwt(c, batch, given.jwt) : undefined
  const other =
    given.impersonate && (bySession ?? byJwt)
      ? addPeople(batch, c.var.db, whoever(c.var.db, given.impersonate))
      : undefined
  const actingAs = ({ user }: Person) => (user.impersonator ? other?.() : undefined)
  return (): Pick<Identified, 'self' | 'lost'> => {
    const found = foundBy(bySession?.(), byJwt)
    if (found === 'ambiguous') return { self: undefined, lost: found }
    if (!found) return { self: undefined, lost: bySession || byJwt ? 'ended' : undefined }
    const { person, session } = found
    const acting = actingAs(person)
    if (acting) return { self: { person, acting, session }, lost: undefined }
    const seen = recordUse(c, person)
    return { self: { person: seen, acting: seen, session }, lost: undefined }
  }
}

type Found = SignedIn | 'ambiguous' | undefined

/** Decides between a session and a JWT. @throws `user_jwt_and_cookie_set` where a session holds */
function foundBy(inSession: Found, byJwt: (() => Found) | undefined): Found {
  const holds = typeof inSession === 'object' && inSession.person.user.status
  if (holds && byJwt) throw new ApiError('user_jwt_and_cookie_set')
  return byJwt?.() ?? inSession
}

type SignedIn = { person: Person; session?: Session }

/**
 * Adds the statements that find who holds which of the sessions shown, all in one round trip. Nothing is loaded of
 * whom a session names, only of whose it is by its secret.
 */
async function addSessions(
  { var: { db, now } }: Ctx,
  batch: Batch,
  shown: readonly ShownSession[],
): Promise<(() => Found) | undefined> {
  if (shown.length === 0) return
  const hashes = await Promise.all(shown.map(({ secret }) => hashSecret(secret)))
  const good = and(inArray(sessions.secretHash, hashes), gte(sessions.expiresAt, now))
  const holders = db.select({ id: sessions.userId }).from(sessions).where(good)
  const people = addPeople(batch, db, sql`(${holders})`, shown.length)
  const rows = batch.add(db.select().from(sessions).where(good))
  return () => {
    const held = shown.flatMap(({ id, claim }, index) => {
      const session = rows().find((row) => row.secretHash === hashes[index] && row.userId === id)
      const person = session && people(id)
      return person ? [{ person, session, claim, userId: id, sequence: session.sequence }] : []
    })
    // One of a blocked user hides none of another: it counts where there is no other.
    const active = held.filter(({ person }) => person.user.status)
    return active.length > 0 ? chooseSession(active) : held[0]
  }
}

/**
 * Adds the statements that find whom a JWT is for. One bound to a session ends with it; one bound to none is
 * known by its hash and ends with its user, so that it does not open a later user of the same ID.
 */
async function addJwt(c: Ctx, batch: Batch, jwt: string): Promise<() => SignedIn | undefined> {
  const { db, now, settings } = c.var
  const { userId, sessionId } = await readJwt(c, jwt)
  const person = addPeople(batch, db, userId)
  const rows =
    sessionId === ''
      ? batch.add(findUnbound(c, userId, await hashOneTime(jwt, userId, settings.SECRET)))
      : batch.add(
          db
            .select({ id: sessions.id })
            .from(sessions)
            .where(
              and(
                eq(sessions.id, sessionId),
                eq(sessions.userId, userId),
                gte(sessions.expiresAt, now),
              ),
            ),
        )
  return () => {
    const found = rows().length > 0 ? person() : undefined
    return found && { person: found }
  }
}

/** @throws `user_jwt_invalid` */
async function readJwt({ var: { settings, now } }: Ctx, jwt: string) {
  const { data } = jwtClaims.safeParse(await verifyJwt(jwt, settings.SECRET, now))
  if (!data) {
    throw new ApiError('user_jwt_invalid', 'The JWT is malformed, expired or not signed here.')
  }
  return data
}

/** Returns the ID of whoever is to be impersonated: by ID, else by e-mail, else by phone (docs/contract/auth.md §7.3). */
function whoever(db: Database, { id, email, phone }: NonNullable<Credentials['impersonate']>) {
  if (id) return id
  const named = email ? eq(users.email, normalEmail(email)) : eq(users.phone, phone)
  return sql`(${db.select({ id: users.id }).from(users).where(named)})`
}

/** Stamps the user as seen, once a day at most, and gives them as stamped (docs/contract/users.md §5.4). */
function recordUse(c: Ctx, person: Person): Person {
  const { db, now } = c.var
  const { user } = person
  if (!isStale(user.accessedAt, now)) return person
  const seen = db.update(users).set({ accessedAt: now }).where(eq(users.id, user.id))
  c.executionCtx.waitUntil(seen.run())
  return { ...person, user: { ...user, accessedAt: now } }
}
