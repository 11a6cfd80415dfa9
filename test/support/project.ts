import { eq } from 'drizzle-orm'
import {
  emailTemplates,
  keys,
  mockNumbers,
  oauthProviders,
  platforms,
  settings,
  variables,
} from '#/db/schema'
import { carriers } from '#test/support/mail'
import { NOW, ROOT, type World, world } from '#test/support/world'

/** The deployment's own mail server is on this machine: so may be the project's. */
const MAIL = { SMTP_URL: `smtp://localhost:${carriers.ports.plain}`, MAIL_FROM: 'a@example.org' }

/** Returns a Worker whose project nobody has set up, made at the first moment of 2026. */
export async function projectWorld(
  overrides: Parameters<typeof world>[0] = {},
  clock: Parameters<typeof world>[1] = () => NOW,
) {
  const w = await world({ RATE_LIMITS: 'off', ...MAIL, ...overrides }, clock)
  const { db } = w
  await db.batch([
    db.delete(settings),
    db.delete(keys),
    db.delete(platforms),
    db.delete(variables),
    db.delete(mockNumbers),
    db.delete(emailTemplates),
    db.delete(oauthProviders),
  ])
  await w.set('project:createdAt', Date.parse('2026-01-01'))
  return w
}

/** Returns status and type of a refusal, or the status alone. */
export const outcome = ({ status, body }: { status: number; body: { type?: string } }) =>
  body?.type === undefined || status < 300 ? [status] : [status, body.type]

/** Returns a setting as it is stored; undefined where it is not. */
export async function stored(w: World, name: string): Promise<unknown> {
  const [row] = await w.db.select().from(settings).where(eq(settings.name, name))
  return row?.value
}

/** Returns the project's `$updatedAt` as answers print it. */
export const updatedAt = async (w: World) =>
  (await w.send('get', '/project', undefined, ROOT)).body.$updatedAt as string
