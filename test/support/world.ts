import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { createApp } from '#/app'
import { encodeSession } from '#/auth/session-cookies'
import type { Env } from '#/config/env'
import { database } from '#/db'
import { buckets, keys, memberships, sessions, settings, teams, users } from '#/db/schema'
import { hashSecret } from '#/lib/secrets'
import { meterDatabase } from '#/pipeline/metering'
import { after, NOW, YEAR } from '#test/support/clock'

export { NOW }

export const PROJECT = 'edgewrite'
export const ROOT = { 'X-Appwrite-Key': env.API_KEY }

export type Answer = { status: number; headers: Headers; body: Json; bytes: Uint8Array }
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
export type Json = any

export type World = Awaited<ReturnType<typeof world>>

/** Hear every answer of every world, before its body is read. */
export const observers = new Set<(request: Request, response: Response) => Promise<void>>()

/**
 * Returns the app with a clock and a count of round trips; storage is empty at the start of each test file.
 * @param clock what the Worker reads as the time; it stands still at {@link NOW} unless a test says otherwise
 */
export async function world(overrides: Partial<Env> = {}, clock: () => Date = () => NOW) {
  const seen = { trips: 0, rowsRead: 0 }
  const DB = meterDatabase(env.DB, {
    trip: () => {
      seen.trips++
    },
    rows: (count) => {
      seen.rowsRead += count
    },
  })
  const app = createApp({ now: clock })
  const bindings = { ...env, ...overrides, DB } as unknown as Env
  const db = database(env.DB)

  async function raw(request: Request) {
    const context = createExecutionContext()
    seen.trips = 0
    seen.rowsRead = 0
    const response = await app.fetch(request, bindings, context)
    const trips = seen.trips
    for (const observe of observers) await observe(request, response.clone())
    return { response, trips, settle: () => waitOnExecutionContext(context) }
  }

  async function send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = ROOT,
  ): Promise<Answer & { trips: number }> {
    const form =
      body instanceof FormData || body instanceof ReadableStream || body instanceof Uint8Array
    const json = body === undefined || form ? undefined : JSON.stringify(body)
    const request = new Request(
      `http://localhost${path.startsWith('/v1') || path.startsWith('/o') ? '' : '/v1'}${path}`,
      {
        method: method.toUpperCase(),
        headers: {
          'X-Appwrite-Project': PROJECT,
          ...(json === undefined
            ? {}
            : {
                'Content-Type': 'application/json',
                'Content-Length': `${new TextEncoder().encode(json).length}`,
              }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: json ?? (body as BodyInit) }),
      },
    )
    const { response, trips, settle } = await raw(request)
    const bytes = new Uint8Array(await response.arrayBuffer())
    await settle()
    const isJson = response.headers.get('content-type')?.includes('json')
    const parsed =
      isJson && bytes.length > 0 ? JSON.parse(new TextDecoder().decode(bytes)) : undefined
    return { status: response.status, headers: response.headers, body: parsed, bytes, trips }
  }

  return {
    db,
    env: bindings,
    raw,
    send,
    trips: () => seen.trips,
    rowsRead: () => seen.rowsRead,
    /** Stores a key with these scopes. @returns its header */
    async key(...scopes: string[]) {
      const secret = `standard_${crypto.randomUUID()}`
      const id = crypto.randomUUID()
      const row = {
        id,
        name: 'Test',
        secretHash: await hashSecret(secret),
        scopes,
        createdAt: NOW,
        updatedAt: NOW,
      }
      await db.insert(keys).values(row)
      return { 'X-Appwrite-Key': secret }
    },
    /** Stores a bucket. @returns its row */
    async bucket(fields: Partial<typeof buckets.$inferInsert> = {}) {
      const [row] = await db
        .insert(buckets)
        .values({
          id: crypto.randomUUID().slice(0, 20),
          name: 'Bucket',
          permissions: [],
          fileSecurity: false,
          enabled: true,
          maximumFileSize: 1024 ** 3,
          allowedFileExtensions: [],
          compression: 'none',
          encryption: true,
          antivirus: true,
          transformations: true,
          createdAt: NOW,
          updatedAt: NOW,
          ...fields,
        })
        .returning()
      if (!row) throw new Error('No bucket was stored.')
      return row
    },
    /** Stores a user. @returns its row */
    async user(fields: Partial<typeof users.$inferInsert> = {}) {
      const [row] = await db
        .insert(users)
        .values({
          id: crypto.randomUUID().slice(0, 20),
          name: 'Somebody',
          hash: 'argon2',
          hashOptions: {},
          passwordHistory: [],
          registration: NOW,
          status: true,
          labels: [],
          emailVerification: false,
          phoneVerification: false,
          mfa: false,
          prefs: {},
          impersonator: false,
          accessedAt: NOW,
          createdAt: NOW,
          updatedAt: NOW,
          ...fields,
        })
        .returning()
      if (!row) throw new Error('No user was stored.')
      return row
    },
    /** Stores a session of a user. @returns its row and the header that opens it */
    async session(userId: string, fields: Partial<typeof sessions.$inferInsert> = {}) {
      const secret = crypto.randomUUID()
      const [row] = await db
        .insert(sessions)
        .values({
          id: crypto.randomUUID().slice(0, 20),
          userId,
          secretHash: await hashSecret(secret),
          provider: 'email',
          providerUid: '',
          providerAccessToken: '',
          providerRefreshToken: '',
          ip: '',
          userAgent: 'UNKNOWN',
          countryCode: '--',
          factors: ['password'],
          expiresAt: after(70 * YEAR),
          createdAt: NOW,
          updatedAt: NOW,
          ...fields,
        })
        .returning()
      if (!row) throw new Error('No session was stored.')
      const headers: Record<string, string> = {
        'X-Appwrite-Session': encodeSession({ id: userId, secret }),
      }
      return { row, headers }
    },
    /** Stores a user with a session. @returns the user's row and the header that opens the session */
    async signedIn(fields: Partial<typeof users.$inferInsert> = {}) {
      const user = await this.user(fields)
      const { row: session, headers } = await this.session(user.id)
      return { user, session, headers }
    },
    /** Stores a team. @returns its row */
    async team(fields: Partial<typeof teams.$inferInsert> = {}) {
      const [row] = await db
        .insert(teams)
        .values({
          id: crypto.randomUUID().slice(0, 20),
          name: 'Team',
          total: 0,
          prefs: {},
          createdAt: NOW,
          updatedAt: NOW,
          ...fields,
        })
        .returning()
      if (!row) throw new Error('No team was stored.')
      return row
    },
    /** Stores a confirmed membership. @returns its row */
    async member(
      teamId: string,
      userId: string,
      fields: Partial<typeof memberships.$inferInsert> = {},
    ) {
      const [row] = await db
        .insert(memberships)
        .values({
          id: crypto.randomUUID().slice(0, 20),
          teamId,
          userId,
          roles: [],
          invited: NOW,
          joined: NOW,
          confirm: true,
          createdAt: NOW,
          updatedAt: NOW,
          ...fields,
        })
        .returning()
      if (!row) throw new Error('No membership was stored.')
      return row
    },
    /** Sets what the owner may set, as `src/project/settings.ts` names it. */
    async set(name: string, value: unknown) {
      await db
        .insert(settings)
        .values({ name, value })
        .onConflictDoUpdate({ target: settings.name, set: { value } })
    },
    /** Uploads bytes as a client does, whole or as a chunk. */
    async upload(
      bucketId: string,
      bytes: Uint8Array<ArrayBuffer> | string,
      {
        fileId = 'unique()',
        name = 'file.txt',
        headers = ROOT as Record<string, string>,
        fields = {} as Record<string, string | string[]>,
        range = undefined as string | undefined,
        id = undefined as string | undefined,
      } = {},
    ) {
      const form = new FormData()
      form.set('fileId', fileId)
      form.set('file', new File([bytes], name))
      for (const [key, value] of Object.entries(fields)) {
        if (Array.isArray(value)) for (const one of value) form.append(`${key}[]`, one)
        else form.set(key, value)
      }
      return send('post', `/storage/buckets/${bucketId}/files`, form, {
        ...headers,
        ...(range ? { 'Content-Range': range } : {}),
        ...(id ? { 'X-Appwrite-ID': id } : {}),
      })
    },
  }
}

export const GUEST_HEADERS: Record<string, string> = {}
