import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { KEY_SCOPES } from '#/auth/caller'
import { keys, variables, webhooks } from '#/db/schema'
import { ROUTES } from '#/routes'
import { ASSIGNABLE_SCOPES } from '#/services/project/scopes'
import { GUEST } from '#test/support/account'
import { outcome, projectWorld } from '#test/support/project'
import { heldQueue, LOCAL } from '#test/support/webhooks'
import { type Json, NOW, ROOT, type World } from '#test/support/world'

type Sent = Record<string, string>
const REFUSED = [401, 'general_unauthorized_scope']

const PROVIDER = JSON.stringify({
  clientId: 'x',
  clientSecret: 'y',
  wellKnownURL: 'https://id.attacker.example/.well-known/openid-configuration',
})
const variable = (more: Json = {}) => ({
  variableId: 'unique()',
  key: 'OAUTH2_X',
  value: PROVIDER,
  ...more,
})

/** Stores variables as the owner. */
async function setVariables(w: World) {
  await w.send('post', '/project/variables', variable({ variableId: 'own', secret: false }))
  await w.send('post', '/project/variables', variable({ variableId: 'plain', key: 'COLOUR' }))
}

const SERVER = { host: 'smtp.attacker.example', port: 587, senderEmail: 'a@attacker.example' }
const NUMBER = '+4915112345678'

/** Ways to decide who gets in, each with the scopes of which all are needed. */
const DECIDING: Record<string, { scopes: string[]; ask: (w: World, key: Sent) => Promise<Json> }> =
  {
    'makes a provider by a variable': {
      scopes: ['project.write', 'project.oauth2.write'],
      ask: (w, key) => w.send('post', '/project/variables', variable({ key: 'OAUTH2_NEW' }), key),
    },
    'changes a provider that is a variable': {
      scopes: ['project.write', 'project.oauth2.write'],
      ask: (w, key) => w.send('put', '/project/variables/own', { value: '{}' }, key),
    },
    'renames a variable to a provider': {
      scopes: ['project.write', 'project.oauth2.write'],
      ask: (w, key) => w.send('put', '/project/variables/plain', { key: 'OAUTH2_Z' }, key),
    },
    'renames a provider away': {
      scopes: ['project.write', 'project.oauth2.write'],
      ask: (w, key) => w.send('put', '/project/variables/own', { key: 'OTHER' }, key),
    },
    'deletes a provider that is a variable': {
      scopes: ['project.write', 'project.oauth2.write'],
      ask: (w, key) => w.send('delete', '/project/variables/own', undefined, key),
    },
    'lists client IDs of native apps': {
      scopes: ['project.write', 'project.oauth2.write'],
      ask: (w, key) =>
        w.send(
          'post',
          '/project/variables',
          variable({ key: 'OAUTH2_GOOGLE_NATIVE_CLIENT_IDS', value: 'x' }),
          key,
        ),
    },
    'sets a provider up': {
      scopes: ['project.oauth2.write'],
      ask: (w, key) => w.send('patch', '/project/oauth2/oidc', { clientId: 'x' }, key),
    },
    'sends all mails through a server': {
      scopes: ['project.write', 'templates.write'],
      ask: (w, key) => w.send('patch', '/project/smtp', { ...SERVER, enabled: false }, key),
    },
    'changes what mails say': {
      scopes: ['templates.write'],
      ask: (w, key) =>
        w.send('patch', '/project/templates/email', { templateId: 'recovery', subject: 'x' }, key),
    },
    'fixes the code of a number that somebody has': {
      scopes: ['mocks.write', 'users.write'],
      ask: (w, key) =>
        w.send('post', '/project/mock-phones', { number: NUMBER, otp: '123456' }, key),
    },
  }

async function scene() {
  const w = await projectWorld()
  await setVariables(w)
  if (!(await w.send('get', `/users?queries[0]=${phoneQuery}`)).body.total) {
    await w.user({ phone: NUMBER })
  }
  return w
}
const phoneQuery = encodeURIComponent(
  JSON.stringify({ method: 'equal', attribute: 'phone', values: [NUMBER] }),
)

describe.each(Object.entries(DECIDING))('whoever %s', (_, { scopes, ask }) => {
  test('holds exactly the scopes of that', async () => {
    const w = await scene()
    for (const lacking of scopes) {
      const others = ASSIGNABLE_SCOPES.filter((scope) => scope !== lacking)
      expect(outcome(await ask(w, await w.key(...others)))).toEqual(REFUSED)
    }
    const allowed = await ask(w, await w.key(...scopes))
    expect(allowed.body?.type).not.toBe('general_unauthorized_scope')
  })
  test('no scope suffices alone that is not named so', async () => {
    const w = await scene()
    for (const scope of ASSIGNABLE_SCOPES) {
      if (scopes.length === 1 && scopes[0] === scope) continue
      expect(outcome(await ask(w, await w.key(scope))), scope).toEqual(REFUSED)
    }
    expect(await w.db.select().from(variables)).toHaveLength(2)
  })
})

test.each(['oauth2_x', 'OAuth2_X', 'OAUTH2_', 'OAUTH2_GOOGLE'])(
  'the variable %s is a provider’s, and others are not',
  async (key) => {
    const w = await projectWorld()
    const headers = await w.key('project.write')
    expect(outcome(await w.send('post', '/project/variables', variable({ key }), headers))).toEqual(
      REFUSED,
    )
    for (const other of ['OAUTH', 'X_OAUTH2_X', 'OAUTH2']) {
      const { status } = await w.send(
        'post',
        '/project/variables',
        variable({ key: other }),
        headers,
      )
      expect(status).toBe(201)
    }
  },
)

test('the value of a provider’s variable is shown to whoever may read providers', async () => {
  const w = await projectWorld()
  await setVariables(w)
  const read = async (...scopes: string[]) =>
    (await w.send('get', '/project/variables/own', undefined, await w.key(...scopes))).body.value
  expect(await read('project.read')).toBe('')
  expect(await read('project.read', 'project.oauth2.read')).toBe(PROVIDER)
  const { body } = await w.send('get', '/project/variables', undefined, await w.key('project.read'))
  expect(body.variables.map(({ value }: Json) => value)).toEqual(['', ''])
})

describe('a key changes through routes of its scope alone', () => {
  const writing = ROUTES.map(({ spec }) => spec).filter(({ method }) => method !== 'get')
  /** Held by everybody. */
  const OPEN = ['public', 'sessions.write', 'files.write']

  test.each(KEY_SCOPES)('%s', async (scope) => {
    const w = await projectWorld()
    const key = await w.key(scope)
    const reached: string[] = []
    for (const { name, method, path, pipeline } of writing) {
      if (pipeline === 'none') continue
      const answer = await w.send(method, path.replace(/:\w+/g, 'none'), {}, key)
      if (answer.body?.type !== 'general_unauthorized_scope') reached.push(name)
    }
    const named: string[] = writing
      .filter(({ scopes, pipeline }) => pipeline !== 'none' && scopes.includes(scope))
      .map(({ name }) => name)
    expect(reached.filter((name) => !named.includes(name))).toEqual([])
    expect(named.filter((name) => !reached.includes(name))).toEqual([])
    expect(OPEN.includes(scope) || scope.endsWith('.write') || reached.length === 0).toBe(true)
  })
})

describe('no key makes one that is stronger', () => {
  const expire = new Date(NOW.getTime() + 3600_000).toISOString()
  test.each(KEY_SCOPES)('one with keys.write and %s', async (scope) => {
    const w = await projectWorld()
    const { body: own } = await w.send('post', '/project/keys', {
      ...{ keyId: 'own', name: 'Own', scopes: ['keys.write', scope], expire },
    })
    const key = { 'X-Appwrite-Key': own.secret }
    for (const wanted of ['users.write', 'project.oauth2.write', 'keys.read', 'sessions.write']) {
      if (wanted === scope) continue
      const body = { name: 'x', scopes: [wanted], expire, keyId: 'other' }
      const tries = [
        w.send('post', '/project/keys', body, key),
        w.send('put', '/project/keys/own', body, key),
        w.send('post', '/project/keys/ephemeral', { scopes: [wanted], duration: 1 }, key),
      ]
      for (const answer of await Promise.all(tries)) {
        expect(outcome(answer)).toEqual([403, 'key_creation_denied'])
      }
    }
    const [row] = await w.db.select().from(keys).where(eq(keys.id, 'own'))
    expect(row?.scopes).toEqual(['keys.write', scope])
  })
})

describe('an ephemeral key', () => {
  const SCOPES = ['keys.write', 'users.read', 'teams.read']

  async function minted() {
    const clock = { now: NOW }
    const w = await projectWorld({}, () => clock.now)
    const made = async (scopes: string[], key: Sent, duration = 3600) => {
      const { status, body } = await w.send(
        'post',
        '/project/keys/ephemeral',
        { scopes, duration },
        key,
      )
      expect(status).toBe(201)
      return { 'X-Appwrite-Key': body.secret as string }
    }
    const { body } = await w.send('post', '/project/keys', {
      ...{ keyId: 'maker', name: 'Maker', scopes: SCOPES },
    })
    const first = await made(SCOPES, { 'X-Appwrite-Key': body.secret })
    const second = await made(['users.read', 'teams.read'], first) // made by an ephemeral one
    const list = async (what: string, key: Sent) =>
      outcome(await w.send('get', `/${what}`, undefined, key))
    const put = (fields: Json) =>
      w.send('put', '/project/keys/maker', { name: 'Maker', scopes: SCOPES, ...fields })
    return { w, clock, first, second, made, list, put }
  }

  test('costs its maker’s row in the round trip that finds the caller', async () => {
    const { w, first } = await minted()
    expect((await w.send('get', '/users/none', undefined, first)).trips).toBe(2)
  })
  test('ends when its maker is deleted, also if a new key takes the ID', async () => {
    const { w, first, second, list } = await minted()
    for (const key of [first, second]) expect(await list('users', key)).toEqual([200])
    await w.send('delete', '/project/keys/maker')
    for (const key of [first, second]) expect(await list('users', key)).toEqual(REFUSED)
    await w.send('post', '/project/keys', { keyId: 'maker', name: 'New', scopes: SCOPES })
    for (const key of [first, second]) expect(await list('users', key)).toEqual(REFUSED)
  })
  test('ends when its maker does', async () => {
    const { w, clock, first, second, list, put } = await minted()
    await put({ expire: new Date(NOW.getTime() + 1000).toISOString() })
    for (const key of [first, second]) expect(await list('users', key)).toEqual([200])
    const outliving = { scopes: ['users.read'], duration: 2 }
    expect(outcome(await w.send('post', '/project/keys/ephemeral', outliving, first))).toEqual([
      403,
      'key_creation_denied',
    ])
    clock.now = new Date(NOW.getTime() + 1001)
    for (const key of [first, second]) expect(await list('users', key)).toEqual(REFUSED)
  })
  test('holds no scope that its maker holds no more', async () => {
    const { first, second, list, put, made } = await minted()
    await put({ scopes: ['keys.write', 'teams.read'] })
    for (const key of [first, second]) {
      expect(await list('users', key)).toEqual(REFUSED)
      expect(await list('teams', key)).toEqual([200])
    }
    expect(await list('teams', await made(['teams.read'], first))).toEqual([200])
    await put({ scopes: [] })
    for (const key of [first, second]) expect(await list('teams', key)).toEqual(REFUSED)
  })
  test('of the deployment’s own key ends by itself', async () => {
    const { clock, made, list } = await minted()
    const key = await made(['users.read'], ROOT, 60)
    expect(await list('users', key)).toEqual([200])
    clock.now = new Date(NOW.getTime() + 60_000)
    expect(await list('users', key)).toEqual(REFUSED)
  })
})

describe('webhooks are told secrets that sign users in', () => {
  const URL = 'https://hooks.example.com/'
  const recovery = async (maker: (w: World) => Promise<Sent>, changer?: string[]) => {
    const queue = heldQueue()
    const w = await projectWorld({ ...LOCAL, EVENTS: queue.EVENTS }) // mails stay in the outbox
    await w.db.delete(webhooks)
    const hook = { name: 'Hook', url: URL, events: ['users.*.recovery.*.create'] }
    const made = { webhookId: 'hook', ...hook }
    expect((await w.send('post', '/webhooks', made, await maker(w))).status).toBe(201)
    if (changer) {
      const { status } = await w.send('put', '/webhooks/hook', hook, await w.key(...changer))
      expect(status).toBe(200)
    }
    const email = `${crypto.randomUUID()}@example.com`
    await w.user({ email })
    const asked = { email, url: 'http://localhost/reset' }
    expect((await w.send('post', '/account/recovery', asked, GUEST)).status).toBe(201)
    const [told] = queue.take()
    return told && 'text' in told.body ? JSON.parse(told.body.text).secret : undefined
  }
  test('only where whoever set them up may sign users in', async () => {
    expect(await recovery(async () => ROOT)).not.toBe('')
    expect(await recovery((w) => w.key('webhooks.write', 'users.write'))).toMatch(/^\w{64,}$/)
    expect(await recovery((w) => w.key('webhooks.write'))).toBe('')
  })
  test('not once somebody else has changed where they go', async () => {
    expect(await recovery(async () => ROOT, ['webhooks.write'])).toBe('')
    expect(await recovery(async () => ROOT, ['webhooks.write', 'users.write'])).not.toBe('')
  })
})
