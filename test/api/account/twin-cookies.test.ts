import { describe, expect, test } from 'vitest'
import { targets } from '#/db/schema'
import { accountWorld, type Headers_, PASSWORD, withPassword } from '#test/support/account'
import { after, YEAR } from '#test/support/clock'
import { cookie, encoded, LOSSES } from '#test/support/lost'
import { NOW, PROJECT, type World } from '#test/support/world'

const NAME = `a_session_${PROJECT}`
const fallback = (value: string) => ({
  'X-Fallback-Cookies': JSON.stringify({ [NAME]: value }),
})
const header = (value: string) => ({ 'X-Appwrite-Session': value })

/** Where a session stands in a request; the order of one name is that of the browser. */
const PLACES = ['header', 'legacy', 'cookie', 'fallback'] as const
type Place = (typeof PLACES)[number]

/** Prints what a browser sends that holds these, in this order. */
function request(held: readonly (readonly [Place, string])[]): Headers_ {
  const at = (place: Place) => held.filter(([one]) => one === place).map(([, value]) => value)
  const cookies = cookie(at('cookie'), at('legacy'))
  const [inHeader] = at('header')
  const [inFallback] = at('fallback')
  return {
    ...(cookies.Cookie ? cookies : {}),
    ...(inHeader ? header(inHeader) : {}),
    ...(inFallback ? fallback(inFallback) : {}),
  }
}

/** Asks who somebody is, in the one trip of the caller. @returns the user's ID, undefined for nobody */
async function whoIs(w: World, headers: Headers_): Promise<string | undefined> {
  const { body, trips } = await w.send('get', '/account', undefined, headers)
  expect(trips).toBe(1)
  return body.$id
}

const pairs = PLACES.flatMap((one) =>
  PLACES.filter((other) => other !== one || !['header', 'fallback'].includes(one)).map(
    (other) => [one, other] as const,
  ),
)

describe.each(Object.keys(LOSSES))('a session that is %s', (loss) => {
  test.each(pairs)('as %s hides no good one as %s', async (stalePlace, goodPlace) => {
    const w = await accountWorld()
    const [stale, good] = [await w.signedIn(), await w.signedIn()]
    await LOSSES[loss]?.(w, stale)
    const held = [
      [stalePlace, encoded(stale)],
      [goodPlace, encoded(good)],
    ] as const
    for (const order of [held, held.toReversed()]) {
      expect(await whoIs(w, request(order))).toBe(good.user.id)
    }
  })
})

/** Whose account two good sessions of different users open: the first's, the second's or nobody's. */
const BETWEEN: [Place, Place, 'first' | undefined][] = [
  ['header', 'legacy', 'first'],
  ['header', 'cookie', 'first'],
  ['header', 'fallback', 'first'],
  ['legacy', 'cookie', 'first'],
  ['legacy', 'fallback', 'first'],
  ['cookie', 'fallback', undefined],
  ['cookie', 'cookie', undefined],
  ['legacy', 'legacy', undefined],
]
describe('two good sessions of different users', () => {
  test.each(BETWEEN)('as %s and as %s: %s', async (one, other, who) => {
    const w = await accountWorld()
    const people = [await w.signedIn(), await w.signedIn()] as const
    // Neither the order in the request nor that of the sign-ins decides.
    for (const [first, second] of [people, people.toReversed()] as const) {
      if (!first || !second) throw new Error('Nobody is signed in.')
      const held = [
        [one, encoded(first)],
        [other, encoded(second)],
      ] as const
      for (const order of [held, held.toReversed()]) {
        expect(await whoIs(w, request(order))).toBe(who && first.user.id)
      }
    }
  })
  test('the pair that was set here is narrower than a cookie of another host', async () => {
    const w = await accountWorld()
    const [ours, theirs] = [await w.signedIn(), await w.signedIn()]
    for (const plain of [
      [encoded(ours), encoded(theirs)],
      [encoded(theirs), encoded(ours)],
    ]) {
      expect(await whoIs(w, cookie(plain, [encoded(ours)]))).toBe(ours.user.id)
    }
  })
  test('two whole pairs are nobody’s, in any order', async () => {
    const w = await accountWorld()
    const [a, b] = [encoded(await w.signedIn()), encoded(await w.signedIn())]
    for (const both of [
      [a, b],
      [b, a],
    ]) {
      for (const legacy of [both, both.toReversed()]) {
        expect(await whoIs(w, cookie(both, legacy))).toBeUndefined()
      }
    }
  })
  test('leave whoever they are free to sign in and out', async () => {
    const w = await accountWorld()
    const [a, b] = [encoded(await w.signedIn()), encoded(await w.signedIn())]
    const both = cookie([a, b])
    const file = await w.send('get', '/account', undefined, both)
    expect([file.status, file.headers.getSetCookie()]).toEqual([401, []])
    const { email } = await withPassword(w)
    const body = { email, password: PASSWORD }
    expect((await w.send('post', '/account/sessions/email', body, both)).status).toBe(201)
    const out = await w.send('delete', '/account/sessions/current', undefined, both)
    expect([out.status, out.headers.getSetCookie().length]).toEqual([204, 2])
  })
})

test('of two good sessions of one user the narrower counts, then the later', async () => {
  const w = await accountWorld()
  const { user, headers, session } = await w.signedIn()
  const later = await w.session(user.id)
  const [old, young] = [encoded({ headers }), encoded({ headers: later.headers })]
  const current = async (sent: Headers_) =>
    (await w.send('get', '/account/sessions/current', undefined, sent)).body.$id
  for (const both of [
    [old, young],
    [young, old],
  ]) {
    expect(await current(cookie(both))).toBe(later.row.id)
    expect(await current(cookie(both, [old]))).toBe(session.id)
    expect(await current({ ...cookie([young]), ...header(old) })).toBe(session.id)
  }
})

test('eight sessions are looked up, the narrowest first, in one trip', async () => {
  const w = await accountWorld()
  const { user, headers } = await w.signedIn()
  const stale = Array.from({ length: 20 }, (_, index) =>
    btoa(JSON.stringify({ id: `u${index}`, secret: 'x' })),
  )
  const good = encoded({ headers })
  expect(await whoIs(w, cookie([...stale.slice(0, 7), good]))).toBe(user.id)
  expect(await whoIs(w, cookie(stale, [good]))).toBe(user.id)
  expect(await whoIs(w, { ...cookie(stale), ...headers })).toBe(user.id)
  expect(await whoIs(w, cookie([...stale, good]))).toBeUndefined()
  expect(await whoIs(w, cookie([...Array(20).fill(stale[0]), good]))).toBe(user.id)
})

test('a session that is forged loads nothing of whom it names', async () => {
  const w = await accountWorld()
  const named = await w.signedIn()
  const target = { userId: named.user.id, providerType: 'push' as const, expired: false }
  const times = { createdAt: NOW, updatedAt: NOW }
  const some = Array.from({ length: 10 }, () => crypto.randomUUID())
  await w.db.insert(targets).values(some.map((id) => ({ id, identifier: id, ...target, ...times })))
  const team = await w.team()
  await w.member(team.id, named.user.id)
  const readFor = async (...ids: string[]) => {
    const forged = ids.map((id) => btoa(JSON.stringify({ id, secret: crypto.randomUUID() })))
    expect(await whoIs(w, cookie(forged))).toBeUndefined()
    return w.rowsRead()
  }
  expect(await readFor(named.user.id)).toBe(await readFor('nobody'))
  expect(await readFor(named.user.id, 'other')).toBe(await readFor('nobody', 'other'))
  // With the secret of a session of one's own, too.
  const { user, headers } = await w.signedIn()
  const { secret } = JSON.parse(atob(encoded({ headers })))
  const mixed = (id: string) => cookie([btoa(JSON.stringify({ id, secret })), encoded({ headers })])
  expect(await whoIs(w, mixed(named.user.id))).toBe(user.id)
  const read = w.rowsRead()
  expect(await whoIs(w, mixed('nobody'))).toBe(user.id)
  expect(read).toBe(w.rowsRead())
})

describe('cookies of other domains of the host', () => {
  const SITE = { PLATFORMS: 'app.example.com', PUBLIC_URL: '' }
  /** Sends a request to a host. @returns status, and the cookies it sets as `name=state@domain` */
  async function at(
    w: World,
    host: string,
    method: string,
    path: string,
    headers: Headers_,
    body?: object,
  ) {
    const request = new Request(`https://${host}/v1${path}`, {
      method,
      headers: {
        'X-Appwrite-Project': PROJECT,
        Origin: 'https://app.example.com',
        ...headers,
        ...(body ? { 'Content-Type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const { response, settle } = await w.raw(request)
    await response.body?.cancel()
    await settle()
    const lines = response.headers.getSetCookie().map((line) => {
      expect(line).toContain('; Path=/')
      expect(line).toContain('; Secure')
      const isGone = line.includes('=;')
      if (isGone) expect(line).toContain(`Expires=${after(-3600).toUTCString()}`)
      else expect(line).toContain(`Expires=${after(YEAR).toUTCString()}`)
      const domain = /Domain=([^;]*)/.exec(line)?.[1] ?? 'host'
      return `${line.split('=')[0]} ${isGone ? 'gone' : 'set'} ${domain}`
    })
    return { status: response.status, lines, fallback: response.headers.get('x-fallback-cookies') }
  }
  const both = (state: string, domain: string) =>
    [`${NAME}_legacy`, NAME].map((name) => `${name} ${state} ${domain}`)
  const open = async () => {
    const { PUBLIC_URL: _, ...settings } = SITE
    const w = await accountWorld(settings)
    const { email } = await withPassword(w)
    return { w, credentials: { email, password: PASSWORD } }
  }
  const stale = btoa(JSON.stringify({ id: 'gone', secret: 'x' }))

  test.each([
    ['api.example.com', ['.example.com'], '.api.example.com'],
    ['a.b.example.com', ['.b.example.com', '.example.com'], '.a.b.example.com'],
    ['example.com', [], '.example.com'],
    ['edgewrite.me.workers.dev', ['.me.workers.dev'], '.edgewrite.me.workers.dev'],
    [
      '1.2.3.4.5.6.7.8.example.com',
      [
        '.4.5.6.7.8.example.com',
        '.5.6.7.8.example.com',
        '.6.7.8.example.com',
        '.7.8.example.com',
        '.8.example.com',
        '.example.com',
      ],
      '.1.2.3.4.5.6.7.8.example.com',
    ],
    ['localhost', [], 'host'],
    ['127.0.0.1', [], 'host'],
  ])('at %s go with a sign-in and a sign-out', async (host, parents, own) => {
    const { w, credentials } = await open()
    const twins = [...(own === 'host' ? [] : ['host']), ...parents].flatMap((domain) =>
      both('gone', domain),
    )
    const signIn = (headers: Headers_) =>
      at(w, host, 'POST', '/account/sessions/email', headers, credentials)
    const fresh = await signIn({})
    expect([fresh.status, fresh.lines]).toEqual([201, both('set', own)])
    const again = await signIn(cookie([stale]))
    expect([again.status, again.lines]).toEqual([201, [...twins, ...both('set', own)]])
    const { headers } = await w.signedIn()
    const leave = (sent: Headers_) => at(w, host, 'DELETE', '/account/sessions/current', sent)
    const out = await leave({ ...cookie([stale, encoded({ headers })]) })
    expect([out.status, out.lines]).toEqual([204, [...twins, ...both('gone', own)]])
    const pair = encoded(await w.signedIn())
    const plain = await leave(cookie([pair], [pair]))
    expect([plain.status, plain.lines]).toEqual([204, both('gone', own)])
  })
  test('at a host beside the public one they are of the host alone', async () => {
    const w = await accountWorld({
      PUBLIC_URL: 'https://api.example.com/v1',
      PLATFORMS: 'app.example.com',
    })
    const { email } = await withPassword(w)
    const { lines } = await at(
      w,
      'old.example.com',
      'POST',
      '/account/sessions/email',
      cookie([stale]),
      {
        email,
        password: PASSWORD,
      },
    )
    expect(lines).toEqual([
      ...both('gone', '.old.example.com'),
      ...both('gone', '.example.com'),
      ...both('set', 'host'),
    ])
  })
  test('what the SDKs keep in the place of cookies is renewed as long as they send it', async () => {
    const { w, credentials } = await open()
    const old = fallback(stale)
    const { fallback: kept } = await at(
      w,
      'api.example.com',
      'POST',
      '/account/sessions/email',
      old,
      credentials,
    )
    expect(Object.keys(JSON.parse(kept ?? ''))).toEqual([NAME])
    expect(kept).not.toContain(stale)
    const { headers } = await w.signedIn()
    const out = await at(w, 'api.example.com', 'DELETE', '/account/sessions/current', {
      ...headers,
      ...old,
    })
    expect(out.fallback).toBe('[]')
  })
})
