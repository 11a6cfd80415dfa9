import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { z } from 'zod'
import { seal, unseal } from '#/auth/seal'
import { hasPassed } from '#/auth/session-proofs'
import type { AppEnv } from '#/http/context'
import { isSecure } from '#/http/public-url'
import { randomHex } from '#/lib/secrets'

type Ctx = Context<AppEnv>

/** How long a device is known for, from the last second factor it has shown. */
const TTL_SECONDS = 365 * 24 * 3600
const ID_LENGTH = 20

const deviceSchema = z.object({ id: z.string(), ends: z.int() })

const contextOf = (userId: string) => `mfa-device:${userId}`
const cookieOf = ({ var: { settings } }: Ctx, userId: string) =>
  `a_mfa_${settings.PROJECT_ID}_${userId}`.toLowerCase()

/** Reads the device's ID from its cookie, which is sealed for one user. */
async function storedId(c: Ctx, userId: string): Promise<string | undefined> {
  const cookie = getCookie(c, cookieOf(c, userId))
  if (!cookie || !/^[\w+/=]+$/.test(cookie)) return
  const { SECRET } = c.var.settings
  const text = await unseal(cookie, SECRET, contextOf(userId)).catch(() => undefined)
  if (!text) return
  const { id, ends } = deviceSchema.parse(JSON.parse(text)) // sealed here, so of this shape
  return ends * 1000 > c.var.now.getTime() ? id : undefined
}

/**
 * Names the session or device that has shown the second factor of whoever is signed in before: the session by
 * itself, a device by the cookie of {@link rememberDevice}. It opens nothing: it only goes on answering
 * challenges while strangers have spent the account's budget of wrong codes.
 * @returns undefined for one that has not
 */
export async function knownDevice(c: Ctx): Promise<string | undefined> {
  const { self } = c.var
  if (!self) return
  if (self.session && hasPassed(self.session)) return `session:${self.session.id}`
  const id = await storedId(c, self.person.user.id)
  return id && `device:${id}`
}

/** Hands the client a cookie by which it is known to have shown a user's second factor. */
export async function rememberDevice(c: Ctx, userId: string) {
  const { settings, now } = c.var
  const id = (await storedId(c, userId)) ?? randomHex(ID_LENGTH)
  const device = { id, ends: Math.floor(now.getTime() / 1000) + TTL_SECONDS }
  const secure = isSecure(c)
  const sealed = await seal(JSON.stringify(device), settings.SECRET, contextOf(userId))
  setCookie(c, cookieOf(c, userId), sealed, {
    path: '/',
    httpOnly: true,
    secure,
    sameSite: secure ? 'None' : 'Lax',
    maxAge: TTL_SECONDS,
  })
}
