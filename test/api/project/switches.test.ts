import { describe, expect, test } from 'vitest'
import { outcome, projectWorld, stored } from '#test/support/project'
import { GUEST_HEADERS } from '#test/support/world'

const METHODS = ['email-password', 'magic-url', 'email-otp', 'anonymous', 'invites', 'jwt', 'phone']

describe.each([
  ['auth-methods', 'authMethods', 'method', METHODS],
  [
    'services',
    'services',
    'service',
    'account avatars databases tablesdb locale health project storage teams users vcs sites functions proxy graphql migrations messaging advisor'.split(
      ' ',
    ),
  ],
  ['protocols', 'protocols', 'protocol', ['rest', 'graphql', 'websocket']],
])('%s', (path, field, kind, ids) => {
  test.each(ids)('%s is switched off and on, alone', async (id) => {
    const w = await projectWorld()
    const off = await w.send('patch', `/project/${path}/${id}`, { enabled: false })
    expect(off.status).toBe(200)
    expect(off.body[field]).toEqual(ids.map(($id) => ({ $id, enabled: $id !== id })))
    expect(await stored(w, `${kind}:${id}`)).toBe(false)
    const on = await w.send('patch', `/project/${path}/${id}`, { enabled: true })
    expect(on.body[field]).toEqual(ids.map(($id) => ({ $id, enabled: true })))
  })
  test.each([
    ['unknown', { enabled: false }],
    [ids[0]?.toUpperCase(), { enabled: false }],
    [ids[0], { enabled: 'false' }],
    [ids[0], { enabled: 0 }],
    [ids[0], { enabled: null }],
    [ids[0], {}],
  ])('refuses %s with %j', async (id, body) => {
    const w = await projectWorld()
    expect(outcome(await w.send('patch', `/project/${path}/${id}`, body))).toEqual([
      400,
      'general_argument_invalid',
    ])
  })
})

test.each(['tokens', 'webhooks', 'presences', 'projects', 'console', 'oauth2'])(
  'the service %s has no switch',
  async (id) => {
    const w = await projectWorld()
    const answer = await w.send('patch', `/project/services/${id}`, { enabled: false })
    expect(outcome(answer)).toEqual([400, 'general_argument_invalid'])
  },
)

test.each([
  ['services', 'storage'],
  ['protocols', 'rest'],
])('%s has the older path too', async (path, id) => {
  const w = await projectWorld()
  const { body } = await w.send('patch', `/project/${path}/${id}/status`, { enabled: false })
  const list: { $id: string; enabled: boolean }[] = body[path]
  expect(list.find(({ $id }) => $id === id)?.enabled).toBe(false)
})

describe('takes effect with the next request', () => {
  test('a service, for everyone but keys', async () => {
    const w = await projectWorld()
    const { headers } = await w.signedIn()
    const bucket = await w.bucket({ permissions: ['read("any")'] })
    const list = (sent: Record<string, string>) =>
      w.send('get', `/storage/buckets/${bucket.id}/files`, undefined, sent)
    await w.send('patch', '/project/services/storage', { enabled: false })
    for (const sent of [headers, GUEST_HEADERS]) {
      expect(outcome(await list(sent))).toEqual([403, 'general_service_disabled'])
    }
    expect((await list(await w.key('files.read'))).status).toBe(200)
    await w.send('patch', '/project/services/storage', { enabled: true })
    expect((await list(GUEST_HEADERS)).status).toBe(200)
  })
  test('REST, for everyone but keys, so that the owner is never locked out', async () => {
    const w = await projectWorld()
    const { headers } = await w.signedIn()
    const key = await w.key('project.write', 'project.read')
    await w.send('patch', '/project/protocols/rest', { enabled: false }, key)
    await w.send('patch', '/project/services/project', { enabled: false }, key)
    expect(outcome(await w.send('get', '/account', undefined, headers))).toEqual([
      403,
      'general_api_disabled',
    ])
    expect((await w.send('get', '/project', undefined, key)).status).toBe(200)
    await w.send('patch', '/project/protocols/rest', { enabled: true }, key)
    expect((await w.send('get', '/account', undefined, headers)).status).toBe(200)
  })
  test('a way to sign in, for everyone but keys; open sessions stay', async () => {
    const w = await projectWorld()
    const { headers } = await w.signedIn()
    await w.send('patch', '/project/auth-methods/anonymous', { enabled: false })
    const signIn = (sent: Record<string, string>) =>
      w.send('post', '/account/sessions/anonymous', {}, sent)
    expect(outcome(await signIn(GUEST_HEADERS))).toEqual([501, 'user_auth_method_unsupported'])
    expect((await w.send('get', '/account', undefined, headers)).status).toBe(200)
    await w.send('patch', '/project/auth-methods/anonymous', { enabled: true })
    expect((await signIn(GUEST_HEADERS)).status).toBe(201)
  })
})
