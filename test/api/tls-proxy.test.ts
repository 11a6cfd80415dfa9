import { afterEach, describe, expect, test, vi } from 'vitest'
import { outbox } from '#/db/schema'
import {
  address,
  linkIn,
  messageTo,
  PASSWORD,
  redeemedBy,
  withPassword,
} from '#test/support/account'
import { errorIn, oidcFor, setUpOidc, somebody } from '#test/support/oauth2'
import { type Inward, type Visitor, visitor } from '#test/support/visitor'
import { PROJECT, ROOT, type World, world } from '#test/support/world'

afterEach(() => vi.restoreAllMocks())

const APP = 'https://app.example.com'
const OPEN = { MAIL_OUTBOX: 'on', RATE_LIMITS: 'off', PLATFORMS: 'app.example.com' } as const

/** Ends TLS: what comes to the public address goes on in clear, with or without the host that was asked for. */
const ending =
  (
    base: string,
    inside: string,
    headers: (asked: URL) => Record<string, string> = () => ({}),
  ): Inward =>
  (url, sent) => {
    // Whatever the Worker made a client go to in clear, or past the proxy, is lost.
    expect(url.protocol).toBe('https:')
    expect(url.href.startsWith(base)).toBe(true)
    for (const [name, value] of Object.entries(headers(url))) sent.set(name, value)
    return new URL(url.href.slice(base.length), inside)
  }

const forwarded = (url: URL) => ({ 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': url.host })
const lies = () => ({ 'X-Forwarded-Proto': 'http', 'X-Forwarded-Host': 'evil.example' })

/** Deployments: public address, the inside, settings, and whether cookies are of the public host. */
const DEPLOYMENTS: [string, base: string, settings: object, proxy: Inward, ownsHost: boolean][] = [
  [
    'a proxy that keeps the host',
    'https://api.example.com',
    { PUBLIC_URL: 'https://api.example.com/v1' },
    ending('https://api.example.com', 'http://api.example.com', lies),
    true,
  ],
  [
    'a proxy that rewrites the host, at a port',
    'https://api.example.com:8443',
    { PUBLIC_URL: 'https://api.example.com:8443/v1' },
    ending('https://api.example.com:8443', 'http://127.0.0.1:8787', lies),
    false,
  ],
  [
    'a tunnel with a path',
    'https://tunnel.example.com/back',
    { PUBLIC_URL: 'https://tunnel.example.com/back/v1' },
    ending('https://tunnel.example.com/back', 'http://localhost:8787'),
    false,
  ],
  [
    'a trusted proxy without PUBLIC_URL',
    'https://api.example.com',
    { TRUST_FORWARDED: 'on' },
    ending('https://api.example.com', 'http://inner:8787', forwarded),
    true,
  ],
]

const JSON_OF =
  (visit: Visitor, base: string) =>
  async (method: string, path: string, body?: object, headers?: object) => {
    const answer = await visit.call(base, method, path, body, { Origin: APP, ...headers })
    return { status: answer.status, body: answer.body, headers: answer.headers }
  }

describe.each(DEPLOYMENTS)('behind %s', (_, base, settings, proxy, ownsHost) => {
  const open = async () => {
    const w = await world({ ...OPEN, ...settings })
    const browser = visitor(w, proxy)
    return { w, browser, ask: JSON_OF(browser, base) }
  }
  const host = new URL(base).hostname
  /** Every cookie of a session is safe, and of the right host. */
  function expectCookies(browser: Visitor, count = 2) {
    const cookies = browser.cookies().filter(({ name }) => name.startsWith('a_session_'))
    expect(cookies).toHaveLength(count)
    for (const { secure, domain, isHostOnly } of cookies) {
      expect([secure, domain, isHostOnly]).toEqual([true, host, !ownsHost])
    }
  }

  test('signs in by password, goes on, and signs out', async () => {
    const { w, browser, ask } = await open()
    const { email } = await withPassword(w)
    expect(
      (await ask('POST', '/account/sessions/email', { email, password: PASSWORD })).status,
    ).toBe(201)
    expectCookies(browser)
    expect((await ask('GET', '/account')).body.email).toBe(email)
    expect((await ask('DELETE', '/account/sessions/current')).status).toBe(204)
    expect(browser.cookies()).toEqual([])
    expect((await ask('GET', '/account')).status).toBe(401)
  })
  test('signs up, and in anonymously', async () => {
    const { browser, ask } = await open()
    const email = address()
    const person = { userId: 'unique()', email, password: PASSWORD }
    expect((await ask('POST', '/account', person)).status).toBe(201)
    expect((await ask('POST', '/account/sessions/anonymous', {})).status).toBe(201)
    expectCookies(browser)
  })
  test.each(['sessions', 'tokens'])('goes to a provider and comes back, by %s', async (kind) => {
    const { w, browser, ask } = await open()
    await setUpOidc(w)
    const query = new URLSearchParams({
      project: PROJECT,
      success: `${APP}/ok`,
      failure: `${APP}/no`,
    })
    const begun = await browser.follow(`${base}/v1/account/${kind}/oauth2/oidc?${query}`)
    const there = new URL(begun.headers.get('location') ?? '')
    const callback = there.searchParams.get('redirect_uri') ?? ''
    expect(callback).toBe(`${base}/v1/account/sessions/oauth2/callback/oidc/${PROJECT}`)
    const person = somebody()
    oidcFor(person)
    const back = new URLSearchParams({ code: 'c', state: there.searchParams.get('state') ?? '' })
    const answer = await browser.follow(`${callback}?${back}`)
    const end = new URL(answer.headers.get('location') ?? '')
    expect(end.origin + end.pathname).toBe(`${APP}/ok`)
    if (kind === 'tokens') {
      const { userId, secret } = Object.fromEntries(end.searchParams)
      expect((await ask('POST', '/account/sessions/token', { userId, secret })).status).toBe(201)
    }
    expectCookies(browser)
    expect((await ask('GET', '/account')).body.email).toBe(person.email)
  })
  test.each([
    ['success', 'code'],
    ['failure', ''],
  ])('ends on the own page of %s', async (end, code) => {
    const { w, browser } = await open()
    await setUpOidc(w)
    const begun = await browser.follow(`${base}/v1/account/sessions/oauth2/oidc?project=${PROJECT}`)
    const there = new URL(begun.headers.get('location') ?? '')
    oidcFor(somebody())
    const back = new URLSearchParams({ code, state: there.searchParams.get('state') ?? '' })
    const answer = await browser.follow(`${there.searchParams.get('redirect_uri')}?${back}`)
    expect(answer.url.href.startsWith(`${base}/console/auth/oauth2/${end}?`)).toBe(true)
    expect(answer.status).toBe(200)
    expect(answer.text).toContain(`appwrite-callback-${PROJECT}:`)
    if (end === 'failure') expect(errorIn(answer.url).type).toBe('user_oauth2_provider_error')
    else expect(answer.url.searchParams.get('domain')).toBe(ownsHost ? `.${host}` : '')
  })
  test('signs in by a magic link, on the own page', async () => {
    const { w, browser } = await open()
    const email = address()
    const asker = JSON_OF(visitor(w, proxy), base)
    expect(
      (await asker('POST', '/account/tokens/magic-url', { userId: 'unique()', email })).status,
    ).toBe(201)
    const link = linkIn(await messageTo(w, email))
    const page = await browser.follow(link)
    expect([page.status, page.url.href.startsWith(`${base}/auth/magic-url?`)]).toEqual([200, true])
    const [, target] = /fetch\('([^']*)'/.exec(page.text) ?? []
    const answer = await browser.visit(new URL(`${target}/sessions/token`, link), {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'X-Appwrite-Project': link.searchParams.get('project') ?? '',
        Origin: new URL(base).origin,
      },
      body: JSON.stringify(redeemedBy(link)),
    })
    expect(answer.status).toBe(201)
    expectCookies(browser)
  })
  test('verifies and recovers by links to the app and to itself', async () => {
    const { w, browser, ask } = await open()
    const { email, id } = await withPassword(w)
    await ask('POST', '/account/sessions/email', { email, password: PASSWORD })
    expect(
      (await ask('POST', '/account/verifications/email', { url: `${APP}/verify` })).status,
    ).toBe(201)
    const verify = linkIn(await messageTo(w, email))
    expect(verify.origin).toBe(APP)
    expect((await ask('PUT', '/account/verifications/email', redeemedBy(verify))).status).toBe(200)
    await w.db.delete(outbox)
    expect((await ask('POST', '/account/recovery', { email, url: `${base}/reset` })).status).toBe(
      201,
    )
    const reset = linkIn(await messageTo(w, email))
    expect(reset.href.startsWith(`${base}/reset?`)).toBe(true)
    const password = 'another good password'
    expect((await ask('PUT', '/account/recovery', { ...redeemedBy(reset), password })).status).toBe(
      200,
    )
    const again = await ask('POST', '/account/sessions/email', { email, password })
    expect(again.status).toBe(201)
    expectCookies(browser)
    expect((await ask('GET', '/account')).body).toMatchObject({ $id: id, emailVerification: true })
  })
  test('an invitation signs its reader in', async () => {
    const { w, browser, ask } = await open()
    const owner = await w.signedIn()
    const team = await w.team()
    await w.member(team.id, owner.user.id, { roles: ['owner'] })
    const email = address()
    const inviter = JSON_OF(visitor(w, proxy), base)
    const invited = await inviter(
      'POST',
      `/teams/${team.id}/memberships`,
      { email, roles: [], url: `${APP}/join` },
      owner.headers,
    )
    expect(invited.status).toBe(201)
    const link = linkIn(await messageTo(w, email))
    const path = `/teams/${team.id}/memberships/${link.searchParams.get('membershipId')}/status`
    expect((await ask('PATCH', path, redeemedBy(link))).status).toBe(200)
    expectCookies(browser)
    expect((await ask('GET', '/account')).body.email).toBe(email)
  })
  test('files and their previews are addressed there', async () => {
    const { w, browser } = await open()
    const { id } = await w.bucket({ permissions: ['read("any")'] })
    await w.upload(id, 'hello', { fileId: 'a' })
    const path = `/v1/storage/buckets/${id}/files/a/view?project=${PROJECT}`
    expect((await browser.visit(`${base}${path}`)).text).toBe('hello')
  })
})

describe('two hosts of one deployment', () => {
  const PUBLIC = 'https://api.example.com'
  const DIRECT = 'https://edgewrite.me.workers.dev'
  const both: Inward = (url) => {
    expect(url.protocol).toBe('https:')
    return url.origin === PUBLIC ? new URL(url.href.replace('https:', 'http:')) : url
  }
  const hosts = async () => {
    const w: World = await world({ ...OPEN, PUBLIC_URL: `${PUBLIC}/v1` })
    const browser = visitor(w, both)
    const { email } = await withPassword(w)
    return { w, browser, email }
  }
  const credentials = (email: string) => ({ email, password: PASSWORD })

  test.each([PUBLIC, DIRECT])('sign in and out at %s, and not at the other one', async (base) => {
    const { browser, email } = await hosts()
    const ask = JSON_OF(browser, base)
    expect((await ask('POST', '/account/sessions/email', credentials(email))).status).toBe(201)
    expect(browser.cookies().map(({ domain, isHostOnly }) => [domain, isHostOnly])).toEqual([
      [new URL(base).hostname, base === DIRECT],
      [new URL(base).hostname, base === DIRECT],
    ])
    expect((await ask('GET', '/account')).body.email).toBe(email)
    const other = JSON_OF(browser, base === PUBLIC ? DIRECT : PUBLIC)
    expect((await other('GET', '/account')).status).toBe(401)
    expect((await ask('DELETE', '/account/sessions/current')).status).toBe(204)
    expect(browser.cookies()).toEqual([])
  })
  test('two people at the two hosts of one browser stay two', async () => {
    const { w, browser, email } = await hosts()
    const second = (await withPassword(w)).email
    await JSON_OF(browser, PUBLIC)('POST', '/account/sessions/email', credentials(email))
    await JSON_OF(browser, DIRECT)('POST', '/account/sessions/email', credentials(second))
    expect((await JSON_OF(browser, PUBLIC)('GET', '/account')).body.email).toBe(email)
    expect((await JSON_OF(browser, DIRECT)('GET', '/account')).body.email).toBe(second)
  })
  test('a sign-in by a provider that began at either comes back to the public one', async () => {
    for (const base of [PUBLIC, DIRECT]) {
      const { w, browser } = await hosts()
      await setUpOidc(w)
      const begun = await browser.follow(
        `${base}/v1/account/tokens/oauth2/oidc?project=${PROJECT}&success=${APP}/ok&failure=${APP}/no`,
      )
      const there = new URL(begun.headers.get('location') ?? '')
      expect(there.searchParams.get('redirect_uri')?.startsWith(`${PUBLIC}/v1/`)).toBe(true)
    }
  })
})

test('a key of the owner works behind the proxy, and its answers name no inner address', async () => {
  const w = await world({ ...OPEN, PUBLIC_URL: 'https://api.example.com/v1' })
  const browser = visitor(w, ending('https://api.example.com', 'http://inner.corp:8787'))
  const { status, text } = await browser.call(
    'https://api.example.com',
    'GET',
    '/project',
    undefined,
    ROOT,
  )
  expect(status).toBe(200)
  expect(text).not.toContain('inner.corp')
})
