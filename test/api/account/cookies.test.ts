import { beforeEach, describe, expect, test } from 'vitest'
import {
  accountWorld,
  type Headers_,
  sessionHeader,
  signInAt,
  withPassword,
} from '#test/support/account'
import { after, HOUR, YEAR } from '#test/support/clock'
import { type Json, PROJECT, type World } from '#test/support/world'

let w: World
let email: string
beforeEach(async () => {
  w = await accountWorld({ PLATFORMS: 'app.example.com,example.com,shop.example.org' })
  email = (await withPassword(w)).email
})

const EXPIRES = `Expires=${after(YEAR).toUTCString()}`
const PAST = `Expires=${after(-HOUR).toUTCString()}`
/** Returns the cookies of an answer by name: value, then sorted attributes. */
const cookiesOf = (headers: Headers) =>
  Object.fromEntries(
    headers.getSetCookie().map((line) => {
      const [pair = '', ...attributes] = line.split('; ')
      const [name = '', value = ''] = pair.split('=')
      return [name, { value, attributes: attributes.sort() }]
    }),
  )
/** Asks who somebody is. */
async function whoIs(headers: Headers_): Promise<Json> {
  const { body } = await w.send('get', '/account', undefined, headers)
  return body.email
}

test('on loopback cookies have no domain, are not secure, and come in the fallback header too', async () => {
  const { headers } = await signInAt(w, email, {})
  const { a_session_edgewrite: plain, a_session_edgewrite_legacy: legacy } = cookiesOf(headers)
  expect(plain?.attributes).toEqual([EXPIRES, 'HttpOnly', 'Path=/', 'SameSite=None'])
  expect(legacy?.attributes).toEqual([EXPIRES, 'HttpOnly', 'Path=/'])
  expect(legacy?.value).toBe(plain?.value)
  expect(plain?.value).not.toMatch(/[=+/]/)
  const fallback = headers.get('x-fallback-cookies')
  expect(JSON.parse(fallback ?? '')).toEqual({
    a_session_edgewrite: decodeURIComponent(plain?.value ?? ''),
  })
})

test('on a domain they are of the whole host and secure', async () => {
  const { headers } = await signInAt(w, email, { origin: 'https://api.example.com' })
  const shared = ['Domain=.api.example.com', EXPIRES, 'HttpOnly', 'Path=/']
  const { a_session_edgewrite: plain, a_session_edgewrite_legacy: legacy } = cookiesOf(headers)
  expect(plain?.attributes).toEqual([...shared, 'SameSite=None', 'Secure'])
  expect(legacy?.attributes).toEqual([...shared, 'Secure'])
})

test.each([
  ['from the same site', 'https://app.example.com', false],
  ['from the site itself', 'https://example.com', false],
  ['from another site', 'https://shop.example.org', true],
  ['without an origin', undefined, true],
])('%s: whether the fallback header comes', async (_, from, comes) => {
  const { status, headers } = await signInAt(w, email, {
    origin: 'https://api.example.com',
    headers: from ? { Origin: from } : {},
  })
  expect(status).toBe(201)
  expect(headers.has('x-fallback-cookies')).toBe(comes)
  expect(headers.get('access-control-expose-headers')).toContain('X-Fallback-Cookies')
})

test('each carrier alone opens the session', async () => {
  const answer = await signInAt(w, email, {})
  const { a_session_edgewrite: plain } = cookiesOf(answer.headers)
  const carriers: Headers_[] = [
    { Cookie: `a_session_edgewrite=${plain?.value}` },
    { Cookie: `other=1; a_session_edgewrite_legacy=${plain?.value}` },
    { Cookie: `A_Session_Edgewrite=${plain?.value}` },
    { 'X-Fallback-Cookies': answer.headers.get('x-fallback-cookies') ?? '' },
    sessionHeader(answer),
  ]
  for (const headers of carriers) expect(await whoIs(headers)).toBe(email)
})

test('a stale cookie hides no good header', async () => {
  const good = sessionHeader(await signInAt(w, email, {}))
  const stale = btoa(JSON.stringify({ id: 'nobody', secret: 'x' }))
  expect(await whoIs({ ...good, Cookie: `a_session_edgewrite=${stale}` })).toBe(email)
  expect(await whoIs({ ...good, Cookie: 'a_session_edgewrite=%%%' })).toBe(email)
})

test.each([
  ['delete', '/account/sessions/current'],
  ['delete', '/account/sessions'],
  ['patch', '/account/status'],
])('%s %s takes them back', async (method, path) => {
  const session = sessionHeader(await signInAt(w, email, {}))
  const request = new Request(`https://api.example.com/v1${path}`, {
    method: method.toUpperCase(),
    headers: { 'X-Appwrite-Project': PROJECT, ...session, Origin: 'https://shop.example.org' },
  })
  const { response, settle } = await w.raw(request)
  await settle()
  const shared = ['Domain=.api.example.com', PAST, 'HttpOnly', 'Path=/']
  expect(cookiesOf(response.headers)).toEqual({
    a_session_edgewrite: { value: '', attributes: [...shared, 'SameSite=None', 'Secure'] },
    a_session_edgewrite_legacy: { value: '', attributes: [...shared, 'Secure'] },
  })
  expect(response.headers.get('x-fallback-cookies')).toBe('[]')
  await response.body?.cancel()
})

describe('extending a session', () => {
  const STARTED = after(-HOUR)
  /** Extends a session an hour after its sign-in. @returns the cookies that the answer sets */
  async function extended(carry: (value: string) => Headers_, id?: (w: World) => Promise<string>) {
    const early = await accountWorld({}, () => STARTED)
    const { a_session_edgewrite: cookie } = cookiesOf((await signInAt(early, email, {})).headers)
    const headers = carry(cookie?.value ?? '')
    const path = `/account/sessions/${(await id?.(early)) ?? 'current'}`
    const answer = await w.send('patch', path, {}, headers)
    expect(answer.status).toBe(200)
    return { set: cookiesOf(answer.headers), value: cookie?.value }
  }
  const asCookie = (value: string) => ({ Cookie: `a_session_edgewrite=${value}` })

  test('extends the cookies that carry it', async () => {
    const { set, value } = await extended(asCookie)
    expect(Object.keys(set)).toEqual(['a_session_edgewrite_legacy', 'a_session_edgewrite'])
    for (const cookie of Object.values(set)) {
      expect(cookie.value).toBe(value)
      expect(cookie.attributes).toContain(EXPIRES)
    }
  })
  test('sets none where a header carries it, or somebody else’s cookie', async () => {
    const other = sessionHeader(await signInAt(w, (await withPassword(w)).email, {}))
    const foreign = encodeURIComponent(other['X-Appwrite-Session'] ?? '')
    for (const more of [{}, { Cookie: `a_session_edgewrite=${foreign}` }]) {
      const carry = (value: string) => ({
        'X-Appwrite-Session': decodeURIComponent(value),
        ...more,
      })
      expect((await extended(carry)).set).toEqual({})
    }
  })
  test('of another device leaves the cookies here alone', async () => {
    const elsewhere = async (early: World) => (await signInAt(early, email, {})).body.$id
    expect((await extended(asCookie, elsewhere)).set).toEqual({})
  })
})

test('a project in capitals has lower-case cookies, and its own spelling in the fallback header', async () => {
  w = await accountWorld({ PROJECT_ID: 'MyProject' })
  const { headers } = await signInAt(w, email, { headers: { 'X-Appwrite-Project': 'MyProject' } })
  expect(Object.keys(cookiesOf(headers)).sort()).toEqual([
    'a_session_myproject',
    'a_session_myproject_legacy',
  ])
  const fallback = headers.get('x-fallback-cookies') ?? ''
  expect(Object.keys(JSON.parse(fallback))).toEqual(['a_session_MyProject'])
  const again = { 'X-Appwrite-Project': 'MyProject', 'X-Fallback-Cookies': fallback }
  expect(await whoIs(again)).toBe(email)
})
