import { describe, expect, test } from 'vitest'
import { outcome, projectWorld } from '#test/support/project'
import { GUEST_HEADERS, type Json, type World } from '#test/support/world'

/** What a development server has. */
const DEVELOPMENT = { MAIL_OUTBOX: 'on', SMTP_URL: '' } as const

const register = async (w: World, type: string, field: string, value: string) => {
  const body = { platformId: 'unique()', name: 'App', [field]: value }
  const { status } = await w.send('post', `/project/platforms/${type}`, body)
  expect(status).toBe(201)
}
/** Calls from an origin. @returns the status, and the origin that may read the answer */
async function call(w: World, origin: string) {
  const headers = { ...GUEST_HEADERS, Origin: origin }
  const answer = await w.send('post', '/account/sessions/anonymous', {}, headers)
  return [answer.status, answer.headers.get('access-control-allow-origin')]
}
/** Has a link made that leads somewhere. */
async function lead(w: World, url: string) {
  const { email } = await w.user({ email: `${crypto.randomUUID()}@example.com` })
  return outcome(await w.send('post', '/account/recovery', { email, url }, GUEST_HEADERS))
}
const REFUSED = [400, 'general_argument_invalid']

describe('an app shell', () => {
  test.each([
    ['capacitor://localhost', 'localhost'],
    ['ionic://localhost', 'localhost'],
    ['ionic://localhost:8080', 'localhost'],
    ['app://my-app', 'my-app'],
    ['app://localhost', '*'],
    ['exp://u.expo.dev', '*.expo.dev'],
    ['http://tauri.localhost', 'tauri.localhost'],
    ['https://tauri.localhost', '*.localhost'],
    ['http://my.app.localhost', '*.localhost'],
    ['tauri://tauri.example', 'tauri.example'],
    ['http://10.0.2.2:3000', '10.0.2.2'],
    ['http://192.168.178.20:5173', '192.168.178.20'],
    ['chrome-extension://abcdefghijklmnopabcdefghijklmnop', 'abcdefghijklmnopabcdefghijklmnop'],
    [
      'moz-extension://7d1f1a3e-3f6a-4d44-8a53-0d1d60e4bd0c',
      '7d1f1a3e-3f6a-4d44-8a53-0d1d60e4bd0c',
    ],
    ['safari-web-extension://0C3F-11', '0c3f-11'],
    ['ms-browser-extension://abcdefghijklmnop', 'abcdefghijklmnop'],
  ])('at %s passes once its host is registered', async (origin, hostname) => {
    const w = await projectWorld()
    const target = `${origin}/reset`
    if (!origin.startsWith('exp')) expect(await call(w, origin)).toEqual([403, null])
    expect(await lead(w, target)).toEqual(REFUSED)
    await register(w, 'web', 'hostname', hostname)
    expect(await call(w, origin)).toEqual([201, origin.toLowerCase()])
    expect(await lead(w, target)).toEqual([201])
  })
  test('of another host or scheme does not', async () => {
    const w = await projectWorld()
    await register(w, 'web', 'hostname', 'localhost')
    await register(w, 'apple', 'bundleIdentifier', 'com.example.app')
    for (const origin of [
      ...['capacitor://other', 'app://my-app', 'myapp://localhost', 'file://', 'null', 'data:'],
      ...['http://tauri.localhost', 'http://10.0.2.2', 'com.example.other://', 'capacitor://'],
    ]) {
      expect(await call(w, origin), origin).toEqual([403, null])
    }
  })
  test.each([
    ['apple', 'bundleIdentifier'],
    ['android', 'applicationId'],
    ['windows', 'packageIdentifierName'],
    ['linux', 'packageName'],
  ])('of %s may be led to by its own ID', async (type, field) => {
    const w = await projectWorld()
    expect(await lead(w, 'com.example.app://auth')).toEqual(REFUSED)
    await register(w, type, field, 'com.example.App')
    expect(await lead(w, 'com.example.app://auth')).toEqual([201])
    expect(await lead(w, 'com.example.other://auth')).toEqual(REFUSED)
    await register(w, type, field, 'https')
    await register(w, type, field, 'javascript')
    expect(await lead(w, 'https://evil.example/')).toEqual(REFUSED)
    expect(await lead(w, 'javascript://com.example.app/%0aalert(1)')).toEqual(REFUSED)
  })
})

describe('PLATFORMS lists', () => {
  test.each([
    ['capacitor://localhost', 'capacitor://localhost'],
    ['https://app.example.com:8443/x', 'https://app.example.com'],
    ['app.example.com:3000', 'http://app.example.com:3000'],
    ['myapp://', 'myapp://anything'],
    ['Bücher.Example', 'https://xn--bcher-kva.example'],
    ['*.bücher.example', 'https://a.xn--bcher-kva.example'],
    ['app.example.com.', 'https://app.example.com'],
    ['app.example.com', 'https://app.example.com.'],
    ['[::ffff:1.2.3.4]', 'http://[::ffff:102:304]'],
  ])('%s, so that %s passes', async (PLATFORMS, origin) => {
    expect(await call(await projectWorld(), origin)).toEqual([403, null])
    const w = await projectWorld({ PLATFORMS: `x.example, ${PLATFORMS}` })
    expect(await call(w, origin)).toEqual([201, origin])
    expect(await lead(w, `${origin}/next`)).toEqual([201])
  })
  test('files as where a call may come from, never as where a secret goes', async () => {
    const w = await projectWorld({ PLATFORMS: 'file://' })
    expect(await call(w, 'file://')).toEqual([201, 'file://'])
    expect(await lead(w, 'file:///tmp/x')).toEqual(REFUSED)
  })
  test.each(['javascript://', 'data://', 'https://', 'http://', 'blob://'])(
    'not %s',
    async (PLATFORMS) => {
      const w = await projectWorld({ PLATFORMS })
      expect(await lead(w, 'https://evil.example/')).toEqual(REFUSED)
      expect(await lead(w, `${PLATFORMS}evil.example/%0aalert(1)`)).toEqual(REFUSED)
    },
  )
})

describe('a host is one in every spelling', () => {
  test.each([
    ['Bücher.example', 'https://xn--bcher-kva.example'],
    ['APP.Example.COM', 'https://app.example.com:443'],
    ['app.example.com.', 'https://app.example.com'],
    ['app.example.com', 'https://app.example.com.'],
    [' app.example.com ', 'https://app.example.com'],
    ['straße.example', 'https://xn--strae-oqa.example'],
  ])('registered as %s, called from %s', async (hostname, origin) => {
    const w = await projectWorld()
    expect((await call(w, origin))[0]).toBe(403)
    await register(w, 'web', 'hostname', hostname)
    expect((await call(w, origin))[0]).toBe(201)
    expect(await lead(w, `${origin}/x`)).toEqual([201])
  })
})

describe('in development', () => {
  const OPEN = ['http://tauri.localhost', 'http://a.b.localhost:3000', 'http://10.0.2.2:8081']
  test.each(OPEN)('%s needs no registration', async (origin) => {
    expect((await call(await projectWorld(), origin))[0]).toBe(403)
    const w = await projectWorld(DEVELOPMENT)
    expect(await call(w, origin)).toEqual([201, origin])
    expect(await lead(w, `${origin}/x`)).toEqual([201])
  })
  test.each(['exp://192.168.1.5:8081/--/auth', 'exp://localhost:8081', 'exps://a.example/x'])(
    'Expo is led to at %s; else only where its host is registered',
    async (url) => {
      expect(await lead(await projectWorld(DEVELOPMENT), url)).toEqual([201])
      const w = await projectWorld()
      expect(await lead(w, url)).toEqual(REFUSED)
      const hostname = /:\/\/([^:/]+)/.exec(url)?.[1] ?? ''
      await register(w, 'web', 'hostname', hostname)
      expect(await lead(w, url)).toEqual([201])
    },
  )
  test.each(['capacitor://localhost', 'http://10.0.2.3', 'file://', 'null'])(
    '%s is a stranger all the same',
    async (origin) => {
      const answer: Json = await call(await projectWorld(DEVELOPMENT), origin)
      expect(answer).toEqual([403, null])
    },
  )
})
