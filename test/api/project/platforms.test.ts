import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { platforms } from '#/db/schema'
import { after, TIME, wire } from '#test/support/clock'
import { outcome, projectWorld } from '#test/support/project'
import { GUEST_HEADERS, type Json, NOW, type World } from '#test/support/world'

const PATH = '/project/platforms'

const TYPES: [type: string, field: string, value: string][] = [
  ['web', 'hostname', 'app.example.org'],
  ['apple', 'bundleIdentifier', 'org.example.apple'],
  ['android', 'applicationId', 'org.example.android'],
  ['windows', 'packageIdentifierName', 'org.example.windows'],
  ['linux', 'packageName', 'org.example.linux'],
]

const create = (w: World, type: string, fields: Json) =>
  w.send('post', `${PATH}/${type}`, { platformId: `my-${type}`, name: 'App', ...fields })
const all = async (w: World) => {
  for (const [type, field, value] of TYPES) await create(w, type, { [field]: value })
}
const rowOf = async (w: World, id: string) =>
  (await w.db.select().from(platforms).where(eq(platforms.id, id)))[0]

describe.each(TYPES)('%s', (type, field, value) => {
  const shown = {
    $id: `my-${type}`,
    $createdAt: TIME,
    $updatedAt: TIME,
    name: 'App',
    type,
    [field]: value,
    ...(type === 'web' ? { key: '' } : {}),
  }
  test('is registered, shown, changed and removed', async () => {
    let now = NOW
    const w = await projectWorld({}, () => now)
    const made = await create(w, type, { [field]: value })
    expect([made.status, made.body]).toEqual([201, shown])
    expect((await w.send('get', `${PATH}/my-${type}`)).body).toEqual(shown)
    now = new Date(NOW.getTime() + 1000)
    const path = `${PATH}/${type}/my-${type}`
    expect((await w.send('put', path, { name: 'App', [field]: value })).body).toEqual(shown)
    const changed = await w.send('put', path, { name: 'Two', [field]: `${value}.x` })
    expect(changed.body).toEqual({
      ...shown,
      $updatedAt: wire(after(1)),
      name: 'Two',
      [field]: `${value}.x`,
    })
    expect((await w.send('delete', `${PATH}/my-${type}`)).status).toBe(204)
    expect(await rowOf(w, `my-${type}`)).toBeUndefined()
  })
  test('keeps an ID for one, but may name the same host or app twice', async () => {
    const w = await projectWorld()
    await create(w, type, { [field]: value })
    const again = await create(w, type, { [field]: 'other' })
    expect(outcome(again)).toEqual([409, 'platform_already_exists'])
    expect((await create(w, type, { platformId: 'two', [field]: value })).status).toBe(201)
  })
  test.each([
    ['no name', { name: undefined }],
    ['an invisible name', { name: ' \u200b\u00ad ' }],
    ['a long name', { name: 'x'.repeat(129) }],
    ['nothing to be found by', { [field]: undefined }],
    ['an empty identifier', { [field]: '' }],
    ['a long identifier', { [field]: 'x'.repeat(type === 'web' ? 254 : 256) }],
    ['an identifier that is no text', { [field]: 1 }],
    ['a bad ID', { platformId: '.x' }],
  ])('is refused with %s', async (_, fields) => {
    const w = await projectWorld()
    const answer = await create(w, type, { [field]: value, ...fields })
    expect(outcome(answer)).toEqual([400, 'general_argument_invalid'])
    expect((await w.send('get', PATH)).body.total).toBe(0)
  })
  test('is changed only as what it is', async () => {
    const w = await projectWorld()
    await all(w)
    for (const [other] of TYPES.filter(([one]) => one !== type)) {
      const answer = await w.send('put', `${PATH}/${type}/my-${other}`, {
        ...{ name: 'Taken', [field]: 'taken' },
      })
      expect(outcome(answer)).toEqual([400, 'platform_method_unsupported'])
    }
    const none = await w.send('put', `${PATH}/${type}/none`, { name: 'x', [field]: 'x' })
    expect(outcome(none)).toEqual([404, 'platform_not_found'])
    expect((await w.db.select().from(platforms)).map(({ name }) => name)).toEqual(
      Array(5).fill('App'),
    )
  })
})

describe('a host name', () => {
  test.each(['https://a.example', 'a.example:3000', 'a/b', ':', '/'])('is not %s', async (host) => {
    const w = await projectWorld()
    expect(outcome(await create(w, 'web', { hostname: host }))).toEqual([
      400,
      'general_argument_invalid',
    ])
  })
  test('of blanks is a bad request', async () => {
    const w = await projectWorld()
    expect(outcome(await create(w, 'web', { hostname: '  ' }))).toEqual([
      400,
      'general_bad_request',
    ])
    await create(w, 'web', { hostname: 'a.example' })
    const put = await w.send('put', `${PATH}/web/my-web`, { name: 'x', hostname: ' ' })
    expect(outcome(put)).toEqual([400, 'general_bad_request'])
  })
  test.each([undefined, null])('left out as %s on a change stays', async (hostname) => {
    const w = await projectWorld()
    await create(w, 'web', { hostname: 'a.example' })
    const { body } = await w.send('put', `${PATH}/web/my-web`, { name: 'Two', hostname })
    expect([body.name, body.hostname]).toEqual(['Two', 'a.example'])
    await create(w, 'linux', { packageName: 'org.example' })
    const other = await w.send('put', `${PATH}/web/my-linux`, { name: 'Two', hostname })
    expect(outcome(other)).toEqual([400, 'platform_method_unsupported'])
  })
})

test.each(['get', 'delete'])('%s of a platform that is not there is 404', async (method) => {
  const w = await projectWorld()
  expect(outcome(await w.send(method, `${PATH}/none`))).toEqual([404, 'platform_not_found'])
})

test('lists the types together, in order of creation, by any attribute', async () => {
  const w = await projectWorld()
  await all(w)
  const ids = async (...queries: [method: string, attribute: string, ...values: Json[]][]) => {
    const fields = queries.map(
      ([method, attribute, ...values], index) =>
        `queries[${index}]=${encodeURIComponent(JSON.stringify({ method, attribute, values }))}`,
    )
    const { body } = await w.send('get', `${PATH}?${fields.join('&')}`)
    return body.platforms?.map(({ type }: Json) => type) ?? body.type
  }
  const { body } = await w.send('get', PATH)
  expect(body.total).toBe(5)
  expect(body.platforms.map((one: Json) => Object.keys(one))).toEqual(
    TYPES.map(([type, field]) => [
      ...['$id', '$createdAt', '$updatedAt', 'name', 'type', field],
      ...(type === 'web' ? ['key'] : []),
    ]),
  )
  for (const [type, field, value] of TYPES) {
    expect(await ids(['equal', field, value])).toEqual([type])
    expect(await ids(['equal', 'type', type])).toEqual([type])
  }
  expect(await ids(['startsWith', 'name', 'A'], ['limit', '', 2])).toEqual(['web', 'apple'])
  expect(await ids(['orderDesc', 'hostname'], ['limit', '', 1])).toEqual(['windows'])
  expect(await ids(['cursorAfter', '', 'my-android'])).toEqual(['windows', 'linux'])
  expect(await ids(['equal', 'identifier', 'x'])).toBe('general_argument_invalid')
})

test('a page has 25 platforms', async () => {
  const w = await projectWorld()
  const stamps = { createdAt: NOW, updatedAt: NOW }
  const rows = Array.from({ length: 26 }, (_, index) => ({
    ...{ id: `p${index}`, type: 'web' as const, name: 'x', identifier: 'x.example', ...stamps },
  }))
  for (let at = 0; at < rows.length; at += 13) {
    await w.db.insert(platforms).values(rows.slice(at, at + 13))
  }
  const { body } = await w.send('get', PATH)
  expect([body.total, body.platforms.length]).toEqual([26, 25])
})

describe('who may call from a browser changes with the next request', () => {
  const ask = (w: World, origin: string) =>
    w.send('post', '/account/sessions/anonymous', {}, { ...GUEST_HEADERS, Origin: origin })
  const outcomeOf = async (w: World, origin: string) => {
    const answer = await ask(w, origin)
    return [outcome(answer), answer.headers.get('access-control-allow-origin')]
  }
  const REFUSED = [[403, 'general_unknown_origin'], null]

  test('when a web platform comes, moves and goes', async () => {
    const w = await projectWorld()
    const origin = 'https://app.example.org'
    expect(await outcomeOf(w, origin)).toEqual(REFUSED)
    await create(w, 'web', { hostname: 'App.example.org' })
    expect(await outcomeOf(w, origin)).toEqual([[201], origin])
    await w.send('put', `${PATH}/web/my-web`, { name: 'x', hostname: '*.example.net' })
    expect(await outcomeOf(w, origin)).toEqual(REFUSED)
    expect(await outcomeOf(w, 'https://a.b.example.net')).toEqual([
      [201],
      'https://a.b.example.net',
    ])
    expect(await outcomeOf(w, 'https://example.net')).toEqual(REFUSED)
    await w.send('delete', `${PATH}/my-web`)
    expect(await outcomeOf(w, 'https://a.b.example.net')).toEqual(REFUSED)
  })
  test.each([
    ['apple', 'bundleIdentifier', 'appwrite-ios appwrite-macos appwrite-watchos appwrite-tvos'],
    ['android', 'applicationId', 'appwrite-android'],
    ['windows', 'packageIdentifierName', 'appwrite-windows'],
    ['linux', 'packageName', 'appwrite-linux'],
  ])('when one of %s comes', async (type, field, schemes) => {
    const w = await projectWorld()
    const origins = schemes.split(' ').map((scheme) => `${scheme}://org.example.app`)
    const outcomes = () => Promise.all(origins.map(async (one) => (await ask(w, one)).status))
    expect(new Set(await outcomes())).toEqual(new Set([403]))
    await create(w, type, { [field]: 'org.example.app' })
    expect(new Set(await outcomes())).toEqual(new Set([201]))
  })
  test('also for addresses that mails link to', async () => {
    const w = await projectWorld({ MAIL_OUTBOX: 'on' })
    const { email } = await w.user({ email: `${crypto.randomUUID()}@example.com` })
    const body = { email, url: 'https://app.example.org/reset' }
    const send = () => w.send('post', '/account/recovery', body, GUEST_HEADERS)
    expect(outcome(await send())).toEqual([400, 'general_argument_invalid'])
    await create(w, 'web', { hostname: 'app.example.org' })
    expect((await send()).status).toBe(201)
  })
})
