import { Account, Client, Project } from 'node-appwrite'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import { startApp, startBrowser } from '#test/support/browser'
import { type LocalOidc, startOidc } from '#test/support/oidc'

const endpoint = inject('endpoint')
const server = new Client().setEndpoint(endpoint).setProject('edgewrite').setKey(inject('apiKey'))

let oidc: LocalOidc
let app: Awaited<ReturnType<typeof startApp>>
let browser: Browser
const contexts: BrowserContext[] = []

beforeAll(async () => {
  const callback = (name: string) =>
    `${endpoint}/account/sessions/oauth2/callback/${name}/edgewrite`
  oidc = await startOidc([callback('oidc'), callback('our-staff')])
  ;[app, browser] = await Promise.all([startApp(endpoint), startBrowser()])
  const project = new Project(server)
  await project.updateOAuth2Oidc({
    clientId: oidc.clientId,
    clientSecret: oidc.clientSecret,
    wellKnownURL: `${oidc.issuer}/.well-known/openid-configuration`,
    enabled: true,
  })
  await project.createVariable({
    variableId: 'our-staff',
    key: 'OAUTH2_OUR_STAFF',
    value: JSON.stringify({
      clientId: oidc.clientId,
      clientSecret: oidc.clientSecret,
      authorizationURL: `${oidc.issuer}/auth`,
      tokenURL: `${oidc.issuer}/token`,
      userInfoURL: `${oidc.issuer}/me`,
      scopes: ['openid', 'email', 'profile'],
    }),
  })
})
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()))
})
afterAll(async () => {
  await browser?.close()
  await Promise.all([oidc?.close(), app?.close()])
})

let names = 0
/** Makes a name that nobody has signed in with. */
const newName = () => `person-${++names}-${crypto.randomUUID().slice(0, 8)}`

/** Opens the app in a browser that has never been anywhere. */
async function openApp(path = '/'): Promise<Page> {
  const context = await browser.newContext()
  contexts.push(context)
  const page = await context.newPage()
  await page.goto(app.origin + path)
  return page
}

/** Calls a method of the web SDK in the page; errors come back as their type. */
// biome-ignore lint/suspicious/noExplicitAny: answers of every method
const call = (page: Page, method: string, ...params: unknown[]): Promise<any> =>
  page.evaluate(
    async ([method, params]) => {
      const account = Reflect.get(globalThis, 'account')
      try {
        return await account[method](...params)
      } catch (error) {
        return {
          type: Reflect.get(Object(error), 'type'),
          code: Reflect.get(Object(error), 'code'),
        }
      }
    },
    [method, params] as const,
  )

const ends = (path = 'ok') => ({
  success: `${app.origin}/${path}?from=app`,
  failure: `${app.origin}/no`,
})

/** Leaves for the provider, as an app does. */
async function leave(page: Page, method: string, params: Record<string, unknown>) {
  await Promise.all([page.waitForURL(`${oidc.issuer}/interaction/**`), call(page, method, params)])
}

/** Signs in at the provider and agrees. */
async function signInThere(page: Page, name: string) {
  await page.fill('input[name=login]', name)
  await page.fill('input[name=password]', 'anything')
  await page.click('button[type=submit]')
  await page.click('form button[type=submit]')
}

/** Signs in by the web SDK, from the app and back to it. */
async function signIn(page: Page, name: string, provider = 'oidc') {
  await leave(page, 'createOAuth2Session', { provider, ...ends() })
  await signInThere(page, name)
  await page.waitForURL(`${app.origin}/**`)
}

const errorIn = (page: Page) => JSON.parse(new URL(page.url()).searchParams.get('error') ?? 'null')

test('the web SDK signs in through a real provider, and its session is renewed there', async () => {
  const page = await openApp()
  expect(await call(page, 'get')).toMatchObject({ type: 'general_unauthorized_scope' })
  const name = newName()
  await signIn(page, name)
  expect(page.url()).toBe(`${app.origin}/ok?from=app`)
  const me = await call(page, 'get')
  expect(me).toMatchObject({
    email: `${name}@example.com`,
    emailVerification: true,
    name: `Name of ${name}`,
  })
  const session = await call(page, 'getSession', { sessionId: 'current' })
  expect(session).toMatchObject({
    userId: me.$id,
    provider: 'oidc',
    providerUid: name,
    factors: ['email', 'oauth2'],
    clientName: expect.stringMatching(/Chrom/),
  })
  const profile = async (token: string) =>
    (await fetch(`${oidc.issuer}/me`, { headers: { Authorization: `Bearer ${token}` } })).json()
  expect(await profile(session.providerAccessToken)).toMatchObject({ sub: name })

  const renewed = await call(page, 'updateSession', { sessionId: 'current' })
  expect(renewed.providerAccessToken).not.toBe(session.providerAccessToken)
  expect(renewed.providerRefreshToken).not.toBe(session.providerRefreshToken)
  expect(await profile(renewed.providerAccessToken)).toMatchObject({ sub: name })
  // The provider takes each refresh token once: this works only if the new one was kept.
  expect((await call(page, 'updateSession', { sessionId: 'current' })).$id).toBe(session.$id)

  const { identities } = await call(page, 'listIdentities')
  expect(identities).toMatchObject([{ provider: 'oidc', providerUid: name }])
})

test('somebody who comes again is the same user; after signing out nobody is', async () => {
  const page = await openApp()
  const name = newName()
  await signIn(page, name)
  const { $id } = await call(page, 'get')
  await call(page, 'deleteSession', { sessionId: 'current' })
  expect(await call(page, 'get')).toMatchObject({ code: 401 })
  // The provider remembers its user: it asks for nothing.
  await Promise.all([
    page.waitForURL(`${app.origin}/again**`),
    call(page, 'createOAuth2Session', { provider: 'oidc', ...ends('again') }),
  ])
  expect((await call(page, 'get')).$id).toBe($id)
})

test('an anonymous user keeps its ID and gets the provider’s address', async () => {
  const page = await openApp()
  const { userId } = await call(page, 'createAnonymousSession')
  const name = newName()
  await signIn(page, name)
  expect(await call(page, 'get')).toMatchObject({ $id: userId, email: `${name}@example.com` })
  const { sessions } = await call(page, 'listSessions')
  expect(sessions.map(({ provider }: { provider: string }) => provider)).toEqual(['oidc'])
})

test('an address that is not vouched for leads to nobody', async () => {
  const name = newName()
  const owner = await openApp()
  await signIn(owner, name)
  const page = await openApp()
  await signIn(page, `unverified-${name}`)
  expect(page.url().startsWith(`${app.origin}/no?`)).toBe(true)
  expect(errorIn(page)).toMatchObject({ type: 'general_bad_request', code: 400 })
  expect(await call(page, 'get')).toMatchObject({ code: 401 })
})

test('whoever turns back at the provider comes back to the app with the reason', async () => {
  const page = await openApp()
  await leave(page, 'createOAuth2Session', { provider: 'oidc', ...ends() })
  await Promise.all([page.waitForURL(`${app.origin}/no?**`), page.click('a[href$="/abort"]')])
  expect(errorIn(page)).toMatchObject({ type: 'user_oauth2_provider_error', code: 424 })
  expect(errorIn(page).message).toContain('access_denied')
})

test('the web SDK takes a token and makes a session of it, once', async () => {
  const page = await openApp()
  await leave(page, 'createOAuth2Token', { provider: 'oidc', ...ends() })
  const name = newName()
  await signInThere(page, name)
  await page.waitForURL(`${app.origin}/ok**`)
  expect(await call(page, 'get')).toMatchObject({ code: 401 })
  const { userId, secret } = Object.fromEntries(new URL(page.url()).searchParams)
  const session = await call(page, 'createSession', { userId, secret })
  expect(session).toMatchObject({ provider: 'oidc', providerUid: name })
  expect(await call(page, 'get')).toMatchObject({ $id: userId, email: `${name}@example.com` })
  const again = await openApp()
  expect(await call(again, 'createSession', { userId, secret })).toMatchObject({
    type: 'user_invalid_token',
  })
})

/** Has the provider forget who is signed in there, as the next person at a shared machine would. */
const forgetThere = (page: Page) =>
  page.context().clearCookies({ name: /^_(session|interaction|grant)/ })

test.each(['known', 'unknown'])(
  'a token flow signs in whoever the provider names while somebody else’s session is in the browser: %s',
  async (kind) => {
    const next = newName()
    if (kind === 'known') await signIn(await openApp(), next)
    const page = await openApp()
    const holder = newName()
    await signIn(page, holder)
    const { $id } = await call(page, 'get')
    await forgetThere(page)
    await leave(page, 'createOAuth2Token', { provider: 'oidc', ...ends() })
    await signInThere(page, next)
    await page.waitForURL(`${app.origin}/ok**`)
    const { userId, secret } = Object.fromEntries(new URL(page.url()).searchParams)
    expect(userId).not.toBe($id)
    const device = await openApp()
    expect(await call(device, 'createSession', { userId, secret })).toMatchObject({ userId })
    expect(await call(device, 'get')).toMatchObject({ $id: userId, email: `${next}@example.com` })
    // The holder has kept an account of their own, and nobody's else.
    const other = await openApp()
    await signIn(other, holder)
    expect((await call(other, 'get')).$id).toBe($id)
    const { identities } = await call(other, 'listIdentities')
    expect(identities.map((one: { providerUid: string }) => one.providerUid)).toEqual([holder])
  },
)

test('a session flow signs in the owner of the account, and ends the session before', async () => {
  const [next, holder] = [newName(), newName()]
  await signIn(await openApp(), next)
  const page = await openApp()
  await signIn(page, holder)
  const before = await call(page, 'get')
  await forgetThere(page)
  await signIn(page, next)
  expect(page.url()).toBe(`${app.origin}/ok?from=app`)
  expect(await call(page, 'get')).toMatchObject({ email: `${next}@example.com` })
  const other = await openApp()
  await signIn(other, holder)
  expect((await call(other, 'get')).$id).toBe(before.$id)
  expect((await call(other, 'listSessions')).total).toBe(1)
  expect((await call(other, 'listIdentities')).total).toBe(1)
})

test('a sign-in that one browser began is of no use in another', async () => {
  const attacker = await openApp()
  let stolen = ''
  attacker.on('request', (request) => {
    if (request.url().includes('/oauth2/callback/')) stolen = request.url()
  })
  await leave(attacker, 'createOAuth2Session', { provider: 'oidc', ...ends() })
  // Without the cookie the code is not used up here: it is good for somebody else, so to speak.
  await attacker.context().clearCookies({ name: /^oauth2_/ })
  await signInThere(attacker, newName())
  await attacker.waitForURL(`${app.origin}/no?**`)
  expect(stolen).toContain('code=')
  const victim = await openApp()
  await victim.goto(stolen)
  await victim.waitForURL(`${app.origin}/no?**`)
  expect(errorIn(victim)).toMatchObject({ type: 'general_bad_request' })
  expect(await call(victim, 'get')).toMatchObject({ code: 401 })
})

test('a provider that posts its answer from another site finds the browser that began', async () => {
  const page = await openApp()
  let state = ''
  page.on('request', (request) => {
    state = new URL(request.url()).searchParams.get('state') ?? state
  })
  await leave(page, 'createOAuth2Session', { provider: 'oidc', ...ends() })
  await page.goto(app.origin.replace('localhost', '127.0.0.1')) // another site to the browser
  await page.setContent(`<form method="post" action="${endpoint}/account/sessions/oauth2/callback/oidc/edgewrite">
    <input name="state" value="${state}"><input name="code" value="made-up">
    <input name="iss" value="${oidc.issuer}"><button>Go</button></form>`)
  await page.click('button')
  await page.waitForURL(`${app.origin}/no?**`)
  // It is the code that is refused, by the provider: the browser was recognised.
  expect(errorIn(page)).toMatchObject({ type: 'user_oauth2_provider_failure', code: 424 })
  expect(errorIn(page).message).toContain('invalid_grant')
})

test('a server with a key sends its visitor to the provider, and makes the session itself', async () => {
  const account = new Account(server)
  const address = await account.createOAuth2Token({ provider: 'oidc' as never, ...ends() })
  expect(address.startsWith(`${oidc.issuer}/auth?`)).toBe(true)
  const page = await openApp()
  await page.goto(address)
  const name = newName()
  await signInThere(page, name)
  await page.waitForURL(`${app.origin}/ok**`)
  const { userId = '', secret = '' } = Object.fromEntries(new URL(page.url()).searchParams)
  const session = await account.createSession({ userId, secret })
  expect(session).toMatchObject({ provider: 'oidc', providerUid: name })
  const visitor = new Client()
    .setEndpoint(endpoint)
    .setProject('edgewrite')
    .setSession(session.secret)
  expect(await new Account(visitor).get()).toMatchObject({ $id: userId })
})

test('a native app without an address gets its session through its own scheme', async () => {
  const page = await openApp()
  await leave(page, 'createOAuth2Session', { provider: 'oidc' })
  const name = newName()
  await signInThere(page, name)
  await page.waitForURL('**/console/auth/oauth2/success?**', { waitUntil: 'commit' })
  const link = new URL((await page.getAttribute('a', 'href')) ?? '')
  expect(link.protocol).toBe('appwrite-callback-edgewrite:')
  const { key, secret = '', project } = Object.fromEntries(link.searchParams)
  expect([key, project]).toEqual(['a_session_edgewrite', 'edgewrite'])
  const native = new Client().setEndpoint(endpoint).setProject('edgewrite').setSession(secret)
  expect(await new Account(native).get()).toMatchObject({ email: `${name}@example.com` })
})

test('a provider of the owner’s own making works beside the others', async () => {
  const page = await openApp()
  const name = newName()
  await signIn(page, name, 'our-staff')
  expect(await call(page, 'get')).toMatchObject({ email: `${name}@example.com` })
  const { provider, providerUid } = await call(page, 'getSession', { sessionId: 'current' })
  expect([provider, providerUid]).toEqual(['our-staff', name])
  // The same person at another provider: the address is verified, so it is one user with two accounts.
  const { $id } = await call(page, 'get')
  await Promise.all([
    page.waitForURL(`${app.origin}/again**`),
    call(page, 'createOAuth2Session', { provider: 'oidc', ...ends('again') }),
  ])
  expect((await call(page, 'get')).$id).toBe($id)
  expect((await call(page, 'listIdentities')).total).toBe(2)
})

test('errors before the provider are pages for people and types for SDKs', async () => {
  const page = await openApp()
  const answer = await page.goto(`${endpoint}/account/sessions/oauth2/github?project=edgewrite`)
  expect(answer?.status()).toBe(412)
  expect(await page.textContent('h1')).toBe('The sign-in did not work')
  expect(await page.textContent('code')).toBe('project_provider_disabled')
  const account = new Account(server)
  await expect(account.createOAuth2Token({ provider: 'github' as never })).rejects.toMatchObject({
    code: 412,
  })
  const back = await openApp()
  const token = { provider: 'apple', idToken: 'x' }
  expect(await call(back, 'createIdTokenSession', token)).toEqual({
    type: 'project_provider_disabled',
    code: 412,
  })
})
