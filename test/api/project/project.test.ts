import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { dayOf, realClock, TIME, wire } from '#test/support/clock'
import { outcome, projectWorld, stored, updatedAt } from '#test/support/project'
import { GUEST_HEADERS, NOW, PROJECT, ROOT } from '#test/support/world'

const BORN = '2026-01-01T00:00:00.000+00:00'
const on = (ids: string) => ids.split(' ').map(($id) => ({ $id, enabled: true }))

test('shows a fresh project with every field of the contract', async () => {
  const w = await projectWorld()
  const { status, body } = await w.send('get', '/project')
  expect(status).toBe(200)
  expect(Object.entries(body)).toEqual(
    Object.entries({
      $id: PROJECT,
      $createdAt: BORN,
      $updatedAt: BORN,
      name: 'Edgewrite',
      teamId: '',
      region: 'default',
      devKeys: [],
      smtpEnabled: false,
      smtpSenderName: '',
      smtpSenderEmail: '',
      smtpReplyToName: '',
      smtpReplyToEmail: '',
      smtpHost: '',
      smtpPort: 0,
      smtpUsername: '',
      smtpPassword: '',
      smtpSecure: '',
      pingCount: 0,
      pingedAt: '',
      labels: [],
      status: 'active',
      onboarding: {},
      authMethods: on('email-password magic-url email-otp anonymous invites jwt phone'),
      services: on(
        'account avatars databases tablesdb locale health project storage teams users vcs sites functions proxy graphql migrations messaging advisor',
      ),
      protocols: on('rest graphql websocket'),
      blocks: [],
      consoleAccessedAt: wire(dayOf(NOW)),
      wafEnabled: false,
    }),
  )
})

test('is as old as its database', async () => {
  const w = await projectWorld()
  const migration = env.MIGRATIONS.find(({ name }) => name.startsWith('0003'))
  const stamp = migration?.queries.find((query) => query.includes('project:createdAt')) ?? ''
  await w.env.DB.prepare('delete from settings').run()
  const before = realClock().getTime() // the database's clock is the machine's
  await w.env.DB.prepare(stamp).run()
  const made = await stored(w, 'project:createdAt')
  expect(Math.abs(Number(made) - before)).toBeLessThan(60_000)
  await w.env.DB.prepare(stamp).run()
  expect(await stored(w, 'project:createdAt')).toBe(made)
})

test('cannot be deleted by a request', async () => {
  const w = await projectWorld()
  const answer = await w.send('delete', '/project')
  expect(outcome(answer)).toEqual([401, 'general_access_forbidden'])
  expect((await w.send('get', '/project')).status).toBe(200)
})

test('replaces labels, each once and in order', async () => {
  const w = await projectWorld()
  const put = (labels: unknown) => w.send('put', '/project/labels', { labels })
  expect((await put(['b', 'a', 'b', 'A1'])).body.labels).toEqual(['b', 'a', 'A1'])
  expect((await put(['c'])).body.labels).toEqual(['c'])
  expect((await w.send('get', '/project')).body.labels).toEqual(['c'])
  expect((await put([])).body.labels).toEqual([])
  const most = Array.from({ length: 1000 }, (_, index) => `label${index}`)
  expect((await put(most)).body.labels).toEqual(most)
})

test.each([
  [{ labels: [...Array.from({ length: 1001 }, () => 'x')] }],
  [{ labels: [''] }],
  [{ labels: ['x'.repeat(37)] }],
  [{ labels: ['a-b'] }],
  [{ labels: ['ä'] }],
  [{ labels: 'a' }],
  [{}],
])('refuses the labels of %j', async (body) => {
  const w = await projectWorld()
  expect(outcome(await w.send('put', '/project/labels', body))).toEqual([
    400,
    'general_argument_invalid',
  ])
  expect(await stored(w, 'project:labels')).toBeUndefined()
})

test('moves $updatedAt when a setting changes, and only then', async () => {
  const w = await projectWorld()
  const patch = (path: string, body: unknown) => w.send('patch', `/project/${path}`, body)
  await patch('auth-methods/jwt', { enabled: true })
  await patch('policies/session-limit', { total: 10 })
  await patch('policies/mfa-factors', {})
  await w.send('put', '/project/labels', { labels: [] })
  expect(await updatedAt(w)).toBe(BORN)
  const { body } = await patch('auth-methods/jwt', { enabled: false })
  expect([body.$createdAt, body.$updatedAt]).toEqual([BORN, TIME])
  expect(await updatedAt(w)).toBe(TIME)
})

test('keeps every change of two requests at once', async () => {
  const w = await projectWorld()
  const names = ['totp', 'email', 'phone', 'custom']
  await Promise.all([
    ...names.map((name) =>
      w.send('patch', '/project/policies/mfa-factors', { [name]: name === 'custom' }),
    ),
    w.send('patch', '/project/services/teams', { enabled: false }),
    w.send('patch', '/project/services/users', { enabled: false }),
    w.send('put', '/project/labels', { labels: ['x'] }),
  ])
  const { body: policy } = await w.send('get', '/project/policies/mfa-factors')
  expect(policy).toEqual({
    ...{ $id: 'mfa-factors', totp: false, email: false, phone: false, custom: true },
  })
  const { body } = await w.send('get', '/project')
  const off = body.services.filter(({ enabled }: { enabled: boolean }) => !enabled)
  expect(off.map(({ $id }: { $id: string }) => $id)).toEqual(['teams', 'users'])
  expect(body.labels).toEqual(['x'])
})

test('is not there on the reserved project', async () => {
  const w = await projectWorld()
  const ask = (headers: Record<string, string>, path = '/project') =>
    w.send('get', path, undefined, headers)
  const console = { 'X-Appwrite-Project': 'console' }
  // Nobody has a scope there, and a key is another project's.
  expect(outcome(await ask(console))).toEqual([401, 'general_unauthorized_scope'])
  expect(outcome(await ask({ ...ROOT, ...console }))).toEqual([403, 'project_id_missing'])
  expect(outcome(await ask(ROOT, '/project?project=console'))).toEqual([
    401,
    'general_unauthorized_scope',
  ])
  expect(outcome(await ask(GUEST_HEADERS))).toEqual([401, 'general_unauthorized_scope'])
})

test('reads the clock of the request for its last activity, by the day', async () => {
  let now = new Date('2026-11-24T23:59:59.999Z')
  const w = await projectWorld({}, () => now)
  const seen = async () => (await w.send('get', '/project')).body.consoleAccessedAt
  expect(await seen()).toBe('2026-11-24T00:00:00.000+00:00')
  now = new Date('2026-11-25T12:00:00.000Z')
  expect(await seen()).toBe('2026-11-25T00:00:00.000+00:00')
})
