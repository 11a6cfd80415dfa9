import { afterEach, describe, expect, test, vi } from 'vitest'
import { PASSWORD, withPassword } from '#test/support/account'
import { browse, comeBack, network, setUpOidc, start } from '#test/support/oauth2'
import { PROJECT, ROOT, type World, world } from '#test/support/world'

const OPEN = { MAIL_OUTBOX: 'on', RATE_LIMITS: 'off' } as const
/** Values that stand wherever a secret can be. */
const PLANTED = {
  password: 'planted password 4711x',
  token: 'planted-token-0123456789-abcdef',
  client: 'planted-client-secret-98765',
}

/** Writes down all that reaches the log, nested errors included. */
function logged() {
  const lines: string[] = []
  const print = (value: unknown): string =>
    value instanceof Error
      ? [value.message, value.stack, JSON.stringify(value, Object.getOwnPropertyNames(value))]
          .concat(value.cause === undefined ? [] : print(value.cause))
          .join('\n')
      : JSON.stringify(value)
  for (const method of ['error', 'warn', 'log', 'info', 'debug'] as const) {
    vi.spyOn(console, method).mockImplementation((...values) => {
      lines.push(values.map(print).join(' '))
    })
  }
  return lines
}
afterEach(() => vi.restoreAllMocks())

/** Lets every statement fail that writes to a table, as D1 says it. */
function failing(w: World, table: string) {
  const { prepare, batch } = w.env.DB
  const names = new WeakSet<object>()
  const isHit = (query: string) =>
    new RegExp(`^(?:insert into|update|delete from) "${table}"`).test(query)
  const fail = () => {
    throw new Error(`D1_ERROR: ${table} is out of order`)
  }
  Object.assign(w.env.DB, {
    prepare: (query: string) => {
      const statement = prepare.call(w.env.DB, query)
      if (!isHit(query)) return statement
      const bad = { ...statement, bind: () => bad, run: fail, all: fail, raw: fail, first: fail }
      names.add(bad)
      return bad
    },
    batch: (statements: D1PreparedStatement[]) =>
      statements.some((one) => names.has(one)) ? fail() : batch.call(w.env.DB, statements),
  })
}

const expectNothingOf = (lines: string[], ...secrets: string[]) => {
  for (const secret of [...Object.values(PLANTED), ...secrets]) {
    expect(lines.join('\n')).not.toContain(secret)
  }
}

describe('nothing secret is logged', () => {
  test.each(['sessions', 'users', 'one_time_secrets', 'identities', 'targets'])(
    'where %s cannot be written',
    async (table) => {
      const w = await world(OPEN)
      const { email } = await withPassword(w)
      await setUpOidc(w, { clientSecret: PLANTED.client })
      const begun = await start(w)
      const lines = logged()
      failing(w, table)
      const guest = {}
      await w.send('post', '/account/sessions/email', { email, password: PASSWORD }, guest)
      await w.send(
        'post',
        '/account',
        { userId: 'unique()', email: `x${email}`, password: PLANTED.password },
        guest,
      )
      await w.send('post', '/account/tokens/email', { userId: 'unique()', email }, guest)
      await w.send('post', '/users', { userId: 'unique()', password: PLANTED.password })
      network({
        'POST https://id.example.com/token': () => ({
          body: { access_token: PLANTED.token, token_type: 'Bearer', refresh_token: PLANTED.token },
        }),
        'GET https://id.example.com/me': () => ({
          body: { sub: crypto.randomUUID(), email: `y${email}`, email_verified: true },
        }),
      })
      await comeBack(w, begun)
      expect(lines.join()).toContain(`${table} is out of order`)
      expectNothingOf(lines, PASSWORD, w.env.API_KEY ?? '-', w.env.SECRET ?? '-')
    },
  )
  test.each([
    ['no JSON', `access_token=${PLANTED.token}`],
    ['an error', { error: 'invalid_client', error_description: PLANTED.client }],
    ['no token', { nothing: PLANTED.token }],
    ['a token of no use', { access_token: PLANTED.token, token_type: 'mac' }],
  ])('where a provider answers with %s', async (_, body) => {
    const w = await world(OPEN)
    await setUpOidc(w, { clientSecret: PLANTED.client })
    const begun = await start(w)
    const lines = logged()
    network({ 'POST https://id.example.com/token': () => ({ body }) })
    await comeBack(w, begun, { answer: { code: PLANTED.token } })
    expect(lines).not.toEqual([])
    expectNothingOf(lines)
  })
  test('where a carrier repeats a message that it refuses', async () => {
    const w = await world({ ...OPEN, SMS_URL: 'https://sms.example.com/x', SMS_FROM: 'Test' })
    const lines = logged()
    const sent: string[] = []
    network({
      'POST https://sms.example.com/x': ({ body }) => {
        sent.push(JSON.parse(body).message)
        return { status: 422, body: { message: 'no such number', was: JSON.parse(body) } }
      },
    })
    const asked = { userId: 'unique()', phone: '+4915112345678' }
    expect((await w.send('post', '/account/tokens/phone', asked, {})).status).toBe(400)
    const code = /\d{6}/.exec(sent[0] ?? '')?.[0] ?? 'none'
    expect(code).toMatch(/^\d{6}$/)
    expect(lines.join()).toContain('no such number')
    expectNothingOf(lines, code)
  })
  test('of keys, JWTs and links that are no good', async () => {
    const w = await world(OPEN)
    const lines = logged()
    const key = `standard_${PLANTED.token}`
    await w.send('get', '/users', undefined, { 'X-Appwrite-Key': key })
    await w.send('get', '/account', undefined, { 'X-Appwrite-JWT': PLANTED.token })
    await browse(w, `/v1/account?project=${PROJECT}&secret=${PLANTED.token}`)
    await w.send('get', `/project/variables/${PLANTED.token}`, undefined, ROOT)
    expectNothingOf(lines)
  })
})
