import { afterAll, beforeAll, expect, test } from 'vitest'
import { signJwt } from '#/auth/jwt'
import { PROVIDERS } from '#/identity/providers/catalog/fields'
import { ROUTES } from '#/routes'
import { POLICIES } from '#/services/project/policies'
import { withPassword } from '#test/support/account'
import { after } from '#test/support/clock'
import { ACCOUNT } from '#test/support/events/account'
import { listening } from '#test/support/events/ask'
import { OAUTH2 } from '#test/support/events/oauth2'
import { STORAGE } from '#test/support/events/storage'
import { TEAMS } from '#test/support/events/teams'
import { USERS } from '#test/support/events/users'
import { challenge, recoveryCodes } from '#test/support/mfa'
import { projectWorld } from '#test/support/project'
import { PROJECT_REQUESTS } from '#test/support/project-requests'
import { storeIdentity, storeTarget } from '#test/support/users'
import { flawsOf, routeOf } from '#test/support/wire'
import { type Json, NOW, observers, PROJECT, ROOT, type World } from '#test/support/world'

/** Operations that never answer with what a client reads, and why. */
const APART: Record<string, string> = {
  'project.delete': 'is refused: a deployment is its project',
}

const reached = new Set<string>()
let flaws: string[] = []

async function observe(request: Request, response: Response) {
  const spec = routeOf(request)
  if (!spec) return
  if (response.status < 400) reached.add(spec.name)
  for (const flaw of await flawsOf(spec, response)) {
    flaws.push(`${spec.name} ${response.status}: ${flaw}`)
  }
}

beforeAll(() => {
  observers.add(observe)
})
afterAll(() => {
  observers.delete(observe)
})

/** Returns what was wrong since it was last asked. */
const takeFlaws = () => {
  const found = [...new Set(flaws)]
  flaws = []
  return found
}

test.each(Object.entries({ ...USERS, ...TEAMS, ...STORAGE, ...ACCOUNT, ...OAUTH2 }))(
  'answers of %s',
  async (_, emits) => {
    await emits(await listening())
    expect(takeFlaws()).toEqual([])
  },
)

const get = async (
  w: World,
  paths: readonly string[],
  headers: Record<string, string> = ROOT,
  expected = 200,
) => {
  for (const path of paths) {
    const { status, body } = await w.send('get', path, undefined, headers)
    expect([path, status, body?.message]).toEqual([path, expected, undefined])
  }
  expect(takeFlaws()).toEqual([])
}

/** Lists of users and their kind, as `base` has them. */
const listsOf = (base: string) =>
  ['sessions', 'memberships', 'targets', 'logs', 'mfa/factors', 'prefs'].map(
    (list) => `${base}/${list}`,
  )

test('users in every state: bare, imported in each way, anonymous, with everything', async () => {
  const w = await listening()
  const bare = await w.user({ name: '', email: null, phone: null, password: null })
  await w.user({ accessedAt: null, passwordUpdate: null, hash: 'sha', hashOptions: {} })
  const full = await withPassword(w, { phone: '+4915100001111', prefs: { a: 1 }, labels: ['x'] })
  const { row: session, headers } = await w.session(full.id)
  const target = await storeTarget(w, full.id, 'push', { providerType: 'push', providerId: null })
  await storeIdentity(w, full.id, { providerAccessTokenExpiry: NOW })
  await storeIdentity(w, full.id)
  const team = await w.team()
  const membership = await w.member(team.id, full.id)
  await w.member(team.id, bare.id, { confirm: false, joined: null })
  const { body: users } = await w.send('get', '/users?queries[0]={"method":"limit","values":[500]}')
  const hashes = new Set(users.users.map(({ hash }: Json) => hash))
  expect([...hashes].sort()).toEqual(
    ['argon2', 'bcrypt', 'md5', 'phpass', 'scrypt', 'scryptMod', 'sha'].sort(),
  )
  for (const { hash, hashOptions } of users.users) expect(hashOptions.type).toBe(hash)
  await get(w, [
    ...['/users', '/users?search=nobody', '/users/identities', `/users/${bare.id}`],
    ...[...listsOf(`/users/${bare.id}`), ...listsOf(`/users/${full.id}`)],
    ...[`/users/${full.id}/targets/${target.id}`, '/teams', '/teams?search=nobody'],
    ...[`/teams/${team.id}`, `/teams/${team.id}/prefs`, `/teams/${team.id}/memberships`],
    ...[`/teams/${team.id}/memberships?search=nobody`],
    `/teams/${team.id}/memberships/${membership.id}`,
  ])
  const self = ['', '/prefs', '/sessions', '/logs', '/identities', '/mfa/factors']
  const mine = [...self, `/sessions/${session.id}`].map((path) => `/account${path}`)
  await get(w, [...mine, '/teams', `/teams/${team.id}/memberships`], headers)
  await w.send('post', '/account/jwts', {}, headers)
  const anonymous = await w.send('post', '/account/sessions/anonymous', {}, {})
  expect(anonymous.status).toBe(201)
  await get(w, ['/account', '/account/prefs', '/account/identities'], {
    'X-Appwrite-Session': anonymous.headers.get('set-cookie')?.match(/=([^;]+)/)?.[1] ?? '',
  })
})

test('recovery codes, of an account and by a key', async () => {
  const w = await listening()
  const { user, headers } = await w.signedIn()
  const [otp = ''] = await recoveryCodes(w, headers)
  const challengeId = await challenge(w, headers, 'recoveryCode')
  await w.ask('put', '/account/mfa/challenges', { challengeId, otp }, headers)
  await get(w, ['/account/mfa/recovery-codes'], headers)
  await get(w, [`/users/${user.id}/mfa/recovery-codes`])
})

test('a challenge of the owner’s own factor', async () => {
  const w = await listening()
  await w.set('factorCustom', true)
  const { user, headers } = await w.signedIn()
  const challengeId = await challenge(w, headers, 'custom')
  await get(w, [`/users/${user.id}/mfa/challenges/${challengeId}`])
})

test('a provider that answers by a form', async () => {
  const w = await listening()
  const path = `/account/sessions/oauth2/callback/apple/${PROJECT}`
  const { status } = await w.send('post', path, { code: 'c', state: 's' }, {})
  expect([status, takeFlaws()]).toEqual([301, []])
})

test('buckets, files, tokens and what they are served as', async () => {
  const w = await listening()
  const { id } = await w.bucket({ permissions: [] })
  await get(w, [`/storage/buckets/${id}/files`])
  const { body: file } = await w.upload(id, 'hello')
  const at = `/storage/buckets/${id}/files/${file.$id}`
  const { body: token } = await w.send('post', `/tokens/buckets/${id}/files/${file.$id}`, {})
  await get(w, [
    ...['/storage/buckets', '/storage/buckets?search=nobody', `/storage/buckets/${id}`, at],
    ...[`/storage/buckets/${id}/files`, `${at}/download`, `${at}/view`, `${at}/preview`],
    ...[`/tokens/buckets/${id}/files/${file.$id}`, `/tokens/${token.$id}`],
  ])
  expect(token.expire).toBe('')
  const claims = {
    projectId: PROJECT,
    bucketId: id,
    fileId: file.$id,
    exp: after(60_000).getTime() / 1000,
  }
  await get(w, [`${at}/push?jwt=${await signJwt(claims, w.env.SECRET ?? '')}`], {})
})

test('the project, before and after it is set up, and every policy and provider', async () => {
  const w = await projectWorld()
  const send = async (method: string, path: string, body?: unknown) => {
    const { status, body: answer } = await w.send(method, path, body, ROOT)
    expect([method, path, status, status < 300 ? '' : answer]).toEqual([method, path, status, ''])
  }
  const lists = ['keys', 'platforms', 'policies', 'oauth2', 'templates/email', 'mock-phones']
  const paths = ['', ...[...lists, 'variables'].map((list) => `/${list}`)]
  await get(
    w,
    paths.map((path) => `/project${path}`),
  )
  expect((await w.send('get', '/project')).body.onboarding).toEqual({})
  await send('post', '/project/keys', { keyId: 'k', name: 'x', scopes: [] })
  for (const [, , method, path, body] of PROJECT_REQUESTS)
    await send(method, `/project${path}`, body)
  for (const [id, { fields }] of Object.entries(POLICIES)) {
    const numbers: Record<string, number> = { total: 5, duration: 3600, min: 9 }
    const body = Object.fromEntries(
      Object.keys(fields).map((name) => [name, numbers[name] ?? true]),
    )
    await send('patch', `/project/policies/${id}`, body)
    await send('get', `/project/policies/${id}`)
  }
  for (const { id } of PROVIDERS) {
    await send('patch', `/project/oauth2/${id}`, {})
    await send('get', `/project/oauth2/${id}`)
  }
  await get(
    w,
    paths.map((path) => `/project${path}`),
  )
})
const PLATFORMS = {
  web: 'hostname',
  apple: 'bundleIdentifier',
  android: 'applicationId',
  windows: 'packageIdentifierName',
  linux: 'packageName',
}
test('platforms of every kind', async () => {
  const w = await projectWorld()
  for (const [kind, field] of Object.entries(PLATFORMS)) {
    const body = { name: 'P', [field]: 'a.example' }
    const made = await w.send('post', `/project/platforms/${kind}`, { platformId: kind, ...body })
    const changed = await w.send('put', `/project/platforms/${kind}/${kind}`, body)
    expect([made.status, changed.status]).toEqual([201, 200])
  }
  await get(w, [
    '/project/platforms',
    ...Object.keys(PLATFORMS).map((id) => `/project/platforms/${id}`),
  ])
})

test('webhooks', async () => {
  const w = await listening()
  const { body } = await w.send('get', '/webhooks')
  const at = `/webhooks/${body.webhooks[0].$id}`
  await get(w, ['/webhooks', at])
  const fields = { name: 'x', url: 'https://hooks.example.com/', events: ['users.*'] }
  expect((await w.send('put', at, fields)).status).toBe(200)
  expect((await w.send('patch', `${at}/secret`, {})).status).toBe(200)
  expect((await w.send('delete', at)).status).toBe(204)
  await get(w, ['/webhooks'])
})

test('ping and version', async () => {
  const w = await projectWorld()
  await get(w, ['/ping', '/health/version'], {})
})

test('nearly every operation has been answered', () => {
  const names = [...new Set(ROUTES.map(({ spec }) => spec.name))]
  expect(names.filter((name) => !reached.has(name)).sort()).toEqual(Object.keys(APART).sort())
})
