import { Client, Project } from 'node-appwrite'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { appPages, startBrowser } from '#test/support/browser'
import { type LocalOidc, startOidc } from '#test/support/oidc'
import { startServer } from '#test/support/serve'
import { startTlsProxy } from '#test/support/tls-proxy'

/** The public host, another host of the deployment, and the app at a third of the same site. */
const [PUBLIC, OTHER, APP] = ['api.example.com', 'old.example.com', 'app.example.com']
const PASSWORD = 'correct horse battery'

let proxy: Awaited<ReturnType<typeof startTlsProxy>>
let server: Awaited<ReturnType<typeof startServer>>
let oidc: LocalOidc
let browser: Browser
const contexts: BrowserContext[] = []
const at = (host: string) => `https://${host}:${proxy.port}`

beforeAll(async () => {
  proxy = await startTlsProxy()
  const callback = `${at(PUBLIC)}/v1/account/sessions/oauth2/callback/oidc/edgewrite`
  ;[server, oidc, browser] = await Promise.all([
    startServer({ PUBLIC_URL: `${at(PUBLIC)}/v1` }),
    startOidc([callback]),
    startBrowser([
      '--ignore-certificate-errors',
      '--host-resolver-rules=MAP *.example.com 127.0.0.1',
    ]),
  ])
  const inside = new URL(server.endpoint)
  proxy.hosts.set(PUBLIC, { inside, keepsHost: true })
  proxy.hosts.set(OTHER, { inside, keepsHost: false })
  const client = new Client()
    .setEndpoint(server.endpoint)
    .setProject('edgewrite')
    .setKey(server.apiKey)
  await new Project(client).updateOAuth2Oidc({
    clientId: oidc.clientId,
    clientSecret: oidc.clientSecret,
    wellKnownURL: `${oidc.issuer}/.well-known/openid-configuration`,
    enabled: true,
  })
}, 60_000)
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()))
})
afterAll(async () => {
  await browser?.close()
  await Promise.all([oidc?.close(), server?.stop(), proxy?.close()])
})

/** Opens the app, which calls the API at a host, in a browser that has never been anywhere. */
async function openApp(host: string): Promise<Page> {
  proxy.hosts.set(APP, appPages(`${at(host)}/v1`))
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  contexts.push(context)
  const page = await context.newPage()
  await page.goto(at(APP))
  return page
}

/** Calls a method of the web SDK in the page; errors come back as their type. */
// biome-ignore lint/suspicious/noExplicitAny: answers of every method
const call = (page: Page, method: string, params: object = {}): Promise<any> =>
  page.evaluate(
    async ([method, params]) => {
      const account = Reflect.get(globalThis, 'account')
      try {
        return await account[method](params)
      } catch (error) {
        return { type: Reflect.get(Object(error), 'type'), text: String(error) }
      }
    },
    [method, params] as const,
  )

const sessionCookies = async (page: Page) =>
  (await page.context().cookies()).filter(({ name }) => name.startsWith('a_session_'))

/** Signs up and in by password. @returns the address */
async function enter(page: Page): Promise<string> {
  const email = `${crypto.randomUUID()}@example.org`
  const person = { userId: `u${crypto.randomUUID().slice(0, 8)}`, email, password: PASSWORD }
  expect(await call(page, 'create', person)).toMatchObject({ email })
  const session = await call(page, 'createEmailPasswordSession', { email, password: PASSWORD })
  expect(session).toMatchObject({ provider: 'email' })
  return email
}

describe.each([
  ['the public host', PUBLIC, `.${PUBLIC}`],
  ['another host, that the proxy rewrites', OTHER, OTHER],
])('at %s', (_, host, domain) => {
  test('a browser signs in behind a proxy that ends TLS, keeps its session, and signs out', async () => {
    const page = await openApp(host)
    const email = await enter(page)
    const cookies = await sessionCookies(page)
    expect(
      cookies.map((cookie) => [cookie.name, cookie.domain, cookie.secure, cookie.httpOnly]),
    ).toEqual(
      expect.arrayContaining([
        ['a_session_edgewrite', domain, true, true],
        ['a_session_edgewrite_legacy', domain, true, true],
      ]),
    )
    await page.reload()
    expect(await call(page, 'get')).toMatchObject({ email })
    // The cookies alone: what the SDK keeps in their place is gone.
    await page.evaluate(() => localStorage.clear())
    expect(await call(page, 'get')).toMatchObject({ email })
    await call(page, 'deleteSession', { sessionId: 'current' })
    expect(await sessionCookies(page)).toEqual([])
    expect(await call(page, 'get')).toMatchObject({ type: 'general_unauthorized_scope' })
  })
})

test('a browser goes to a provider and comes back, all of it by the public address', async () => {
  const page = await openApp(PUBLIC)
  const seen: string[] = []
  page.on('request', (request) => {
    if (request.isNavigationRequest() || request.url().includes('/v1/')) seen.push(request.url())
  })
  const ends = { success: `${at(APP)}/ok`, failure: `${at(APP)}/no` }
  await Promise.all([
    page.waitForURL(`${oidc.issuer}/interaction/**`),
    call(page, 'createOAuth2Session', { provider: 'oidc', ...ends }),
  ])
  const name = `person-${crypto.randomUUID().slice(0, 8)}`
  await page.fill('input[name=login]', name)
  await page.fill('input[name=password]', 'anything')
  await page.click('button[type=submit]')
  await page.click('form button[type=submit]')
  await page.waitForURL(`${at(APP)}/ok**`)
  expect(await call(page, 'get')).toMatchObject({ email: `${name}@example.com` })
  const hosts = new Set(seen.map((url) => new URL(url).origin))
  expect([...hosts].sort()).toEqual([at(APP), at(PUBLIC), oidc.issuer].sort())
})

test('a blocked user’s cookies and those of a parent domain lock no browser', async () => {
  const page = await openApp(PUBLIC)
  const email = await enter(page)
  await call(page, 'updateStatus')
  // What an app on the parent domain keeps of the session that no longer counts.
  const stale = Buffer.from(JSON.stringify({ id: 'gone', secret: 'x' })).toString('base64')
  await page.context().addCookies([
    {
      ...{ name: 'a_session_edgewrite', value: encodeURIComponent(stale), domain: '.example.com' },
      ...{ path: '/', secure: true, httpOnly: true, sameSite: 'None' as const },
    },
  ])
  expect(await call(page, 'get')).toMatchObject({ type: 'general_unauthorized_scope' })
  const next = await enter(page)
  expect(next).not.toBe(email)
  expect(await call(page, 'get')).toMatchObject({ email: next })
  expect((await sessionCookies(page)).map(({ domain }) => domain)).toEqual([
    `.${PUBLIC}`,
    `.${PUBLIC}`,
  ])
})
