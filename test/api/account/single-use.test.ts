import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { sweep } from '#/jobs'
import {
  address,
  codeIn,
  GUEST,
  linkIn,
  messageTo,
  PASSWORD,
  phoneNumber,
  redeemedBy,
  withPassword,
} from '#test/support/account'
import { answer, challenge, codeAt, enrol, issue, recoveryCodes } from '#test/support/mfa'
import {
  comeBack,
  network,
  oauth2World,
  oidcFor,
  setUp,
  setUpOidc,
  signInAt,
  somebody,
  start,
} from '#test/support/oauth2'
import { type Answer, NOW, PROJECT, type World } from '#test/support/world'

const PARALLEL = 50
const SLOW = 240_000
const STEP_MS = 30_000
const ENDS = { success: 'http://localhost/ok', failure: 'http://localhost/no' }

const pair = await generateKeyPair('RS256', { extractable: true })
const keySet = {
  keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }],
}

let now = NOW
let w: World
beforeAll(async () => {
  w = await oauth2World({ MAIL_OUTBOX: 'on' }, () => now)
  await setUpOidc(w)
  await setUp(w, 'google', { clientId: 'web-client', clientSecret: 's' })
})
afterEach(() => {
  now = NOW
  vi.restoreAllMocks()
})

type Try = () => Promise<Pick<Answer, 'status' | 'headers'>>
/** Checks whether an answer lets in; one that redirects does where it leads to success. */
const succeeded = ({ status, headers }: Awaited<ReturnType<Try>>) =>
  status < 300 || (headers.get('location') ?? '').startsWith(ENDS.success)

const exchange =
  (userId: string, secret: string): Try =>
  () =>
    w.send('post', '/account/sessions/token', { userId, secret }, GUEST)
const ask = (path: string, body: object, headers = GUEST) => w.send('post', path, body, headers)

/** Verifies an address, or sets a password, with what was sent. */
async function sent(path: string, to: string, userId: string, more: object = {}): Promise<Try> {
  const message = await messageTo(w, to)
  const isLink = message.text.includes('secret=')
  const secret = isLink ? redeemedBy(linkIn(message)).secret : codeIn(message)
  return () => w.send('put', path, { userId, secret, ...more }, GUEST)
}

const KINDS: Record<string, () => Promise<Try>> = {
  'a magic link': async () => {
    const email = address()
    await ask('/account/tokens/magic-url', { userId: 'unique()', email })
    const { userId, secret } = redeemedBy(linkIn(await messageTo(w, email)))
    return exchange(userId ?? '', secret ?? '')
  },
  'a mailed sign-in code': async () => {
    const email = address()
    const { body } = await ask('/account/tokens/email', { userId: 'unique()', email })
    return exchange(body.userId, codeIn(await messageTo(w, email)))
  },
  'a texted sign-in code': async () => {
    const phone = phoneNumber()
    const { body } = await ask('/account/tokens/phone', { userId: 'unique()', phone })
    return exchange(body.userId, codeIn(await messageTo(w, phone)))
  },
  'a token of the server': async () => {
    const { id } = await w.user()
    return exchange(id, (await w.send('post', `/users/${id}/tokens`, {})).body.secret)
  },
  'a token of a sign-in with a provider': async () => {
    const { location } = await signInAt(w, somebody(), { kind: 'tokens' })
    const { userId = '', secret = '' } = Object.fromEntries(location.searchParams)
    return exchange(userId, secret)
  },
  'a state of a sign-in with a provider': async () => {
    const begun = await start(w, { query: ENDS })
    oidcFor(somebody())
    return () => comeBack(w, begun)
  },
  'a state of a sign-in that a server began': async () => {
    const key = { ...(await w.key('sessions.write')), 'X-Appwrite-Project': PROJECT }
    const begun = await start(w, { kind: 'tokens', query: ENDS, headers: key })
    oidcFor(somebody())
    return () => comeBack(w, { state: begun.state })
  },
  'an ID token': async () => {
    network({ 'GET https://www.googleapis.com/oauth2/v3/certs': () => ({ body: keySet }) })
    const seconds = Math.floor(NOW.getTime() / 1000)
    const idToken = await new SignJWT({ ...somebody(), nonce: 'once' })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .setIssuer('https://accounts.google.com')
      .setAudience('web-client')
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + 300)
      .sign(pair.privateKey)
    return () => ask('/account/sessions/id-token', { provider: 'google', idToken, nonce: 'once' })
  },
  'a link that verifies an address': async () => {
    const email = address()
    const { user, headers } = await w.signedIn({ email })
    await ask('/account/verifications/email', { url: 'http://localhost/' }, headers)
    return sent('/account/verifications/email', email, user.id)
  },
  'a code that verifies an address': async () => {
    const email = address()
    const { user, headers } = await w.signedIn({ email })
    await ask('/account/verifications/email/otp', {}, headers)
    return sent('/account/verifications/email/otp', email, user.id)
  },
  'a code that verifies a phone number': async () => {
    const phone = phoneNumber()
    const { user, headers } = await w.signedIn({ phone })
    await ask('/account/verifications/phone', {}, headers)
    return sent('/account/verifications/phone', phone, user.id)
  },
  'a link that sets a password': async () => {
    const { email, id } = await withPassword(w)
    await ask('/account/recovery', { email, url: 'http://localhost/' })
    return sent('/account/recovery', email, id, { password: PASSWORD })
  },
  'a code that sets a password': async () => {
    const { email, id } = await withPassword(w)
    await ask('/account/recovery/otp', { email })
    return sent('/account/recovery/otp', email, id, { password: PASSWORD })
  },
  'an invitation': async () => {
    const team = await w.team()
    const email = address()
    const given = { email, roles: [], url: 'http://localhost/' }
    const owner = await w.signedIn()
    await w.member(team.id, owner.user.id, { roles: ['owner'] })
    const { body } = await ask(`/teams/${team.id}/memberships`, given, owner.headers)
    const secret = linkIn(await messageTo(w, email)).searchParams.get('secret')
    const path = `/teams/${team.id}/memberships/${body.$id}/status`
    return () => w.send('patch', path, { userId: body.userId, secret }, GUEST)
  },
  'a mailed code of a second factor': async () => {
    const email = address()
    const { headers } = await w.signedIn({ email, emailVerification: true })
    const id = await challenge(w, headers, 'email')
    const code = codeIn(await messageTo(w, email))
    return () => answer(w, headers, id, code)
  },
  'a texted code of a second factor': async () => {
    const phone = phoneNumber()
    const { headers } = await w.signedIn({ phone, phoneVerification: true })
    const id = await challenge(w, headers, 'phone')
    const code = codeIn(await messageTo(w, phone))
    return () => answer(w, headers, id, code)
  },
  'a code of an authenticator, for a challenge each': async () => {
    const { user, headers } = await w.signedIn()
    const secret = await enrol(w, headers, NOW)
    now = new Date(NOW.getTime() + STEP_MS)
    const code = codeAt(secret, now)
    return async () => {
      const { headers: own } = await w.session(user.id)
      return answer(w, own, await challenge(w, own, 'totp'), code)
    }
  },
  'the first code of an authenticator': async () => {
    const { headers } = await w.signedIn()
    const otp = codeAt(await issue(w, headers), NOW)
    return () => w.send('put', '/account/mfa/authenticators/totp', { otp }, headers)
  },
  'a recovery code, for a challenge each': async () => {
    const { user, headers } = await w.signedIn()
    const [code = ''] = await recoveryCodes(w, headers)
    return async () => {
      const { headers: own } = await w.session(user.id)
      return answer(w, own, await challenge(w, own, 'recoveryCode'), code)
    }
  },
}

describe('what works once works once', { timeout: SLOW }, () => {
  test.each(Object.keys(KINDS))('%s', async (kind) => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const attempt = await KINDS[kind]?.()
    if (!attempt) throw new Error('There is no such kind.')
    const answers = await Promise.all(Array.from({ length: PARALLEL }, attempt))
    expect(answers.filter(succeeded)).toHaveLength(1)
    expect(succeeded(await attempt())).toBe(false)
    expect(answers.filter(({ status }) => status >= 500)).toEqual([])
    // Nor does it once what remembers its use is swept.
    now = new Date(now.getTime() + 25 * 3600_000)
    await sweep(w.env, now)
    expect(succeeded(await attempt())).toBe(false)
  })
})

test('an ID token that signed nobody in can be used again', async () => {
  const attempt = await KINDS['an ID token']?.()
  await w.set('userLimit', 1)
  await w.user()
  expect((await attempt?.())?.status).toBe(400)
  await w.set('userLimit', 0)
  expect((await attempt?.())?.status).toBe(201)
})
