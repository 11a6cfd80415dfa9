import { afterEach, describe, expect, test, vi } from 'vitest'
import { smtpConfigOf } from '#/messaging/mail/project-mail'
import { DEFAULT_SETTINGS } from '#/project/settings'
import { before, codeIn } from '#test/support/account'
import { TIME } from '#test/support/clock'
import { carriers, freshAddress, mailsTo, mailTo } from '#test/support/mail'
import { outcome, projectWorld, stored, updatedAt } from '#test/support/project'
import { SMTP_PASSWORD, SMTP_USER } from '#test/support/smtp-login'
import { GUEST_HEADERS, type Json, type World, world } from '#test/support/world'

const PATH = '/project/smtp'
const { ports } = carriers
const PLAIN = { host: 'localhost', port: ports.plain, senderEmail: 'post@example.org' }
const LOGIN = { username: SMTP_USER, password: SMTP_PASSWORD }
const CLOSED = { ...PLAIN, port: ports.closing }

const patch = (w: World, body: Json) => w.send('patch', PATH, body)
const smtpOf = ({ body }: { body: Json }) =>
  Object.fromEntries(
    Object.entries<Json>(body)
      .filter(([name]) => name.startsWith('smtp'))
      .map(([name, value]) => [name.slice(4), value]),
  )
const test_ = (w: World, emails: Json) => w.send('post', `${PATH}/tests`, { emails })

afterEach(() => {
  vi.restoreAllMocks()
})
/** Keeps what the server reports of a carrier out of the output. @returns what was reported */
const quiet = () => vi.spyOn(console, 'error').mockImplementation(() => {})

test('is switched on by settings that a server answers to', async () => {
  const w = await projectWorld()
  const answer = await patch(w, {
    ...PLAIN,
    senderName: 'Post',
    replyToEmail: 'Help@Example.org',
    replyToName: 'Help',
  })
  expect(answer.status).toBe(200)
  const expected = {
    Enabled: true,
    SenderName: 'Post',
    SenderEmail: 'post@example.org',
    ReplyToName: 'Help',
    ReplyToEmail: 'help@example.org',
    Host: 'localhost',
    Port: ports.plain,
    Username: '',
    Password: '',
    Secure: '',
  }
  expect(smtpOf(answer)).toEqual(expected)
  expect(answer.body.$updatedAt).toBe(TIME)
  expect(smtpOf(await w.send('get', '/project'))).toEqual(expected)
})

test.each([
  ['tls', ports.starttls],
  ['ssl', ports.tls],
])('with %s upgrades, logs in, and never shows the password', async (secure, port) => {
  const w = await projectWorld()
  const answer = await patch(w, { ...PLAIN, ...LOGIN, port, secure })
  expect(smtpOf(answer)).toMatchObject({
    ...{ Enabled: true, Secure: secure, Username: SMTP_USER, Password: '' },
  })
  const rows = JSON.stringify((await w.env.DB.prepare('select * from settings').all()).results)
  expect(rows).not.toContain(SMTP_PASSWORD)
  const to = freshAddress()
  expect((await test_(w, [to])).status).toBe(204)
  expect(await mailTo(to)).toMatchObject({ user: SMTP_USER, encrypted: true })
})

describe('a change', () => {
  test('keeps what is absent or null and clears with an empty text', async () => {
    const w = await projectWorld()
    await patch(w, { ...PLAIN, senderName: 'Post', replyToEmail: 'help@example.org' })
    const { smtp: _, ...rest } = { smtp: 0, senderName: null, port: null, host: null }
    expect(smtpOf(await patch(w, rest))).toMatchObject({ SenderName: 'Post', Port: ports.plain })
    const cleared = smtpOf(await patch(w, { senderName: '', replyToEmail: '', secure: '' }))
    expect(cleared).toMatchObject({ Enabled: true, SenderName: '', ReplyToEmail: '', Secure: '' })
  })
  test('with enabled false stores and asks nobody', async () => {
    const w = await projectWorld()
    const off = await patch(w, { ...CLOSED, enabled: false })
    expect(smtpOf(off)).toMatchObject({ Enabled: false, Port: ports.closing })
    const on = await patch(w, { port: ports.plain, enabled: true })
    expect(smtpOf(on)).toMatchObject({ Enabled: true, Host: 'localhost' })
    expect(smtpOf(await patch(w, { enabled: false })).Enabled).toBe(false)
  })
  test('that no server answers to is stored while SMTP is off', async () => {
    const w = await projectWorld()
    const reported = quiet()
    const answer = await patch(w, CLOSED)
    expect(smtpOf(answer)).toMatchObject({ Enabled: false, Port: ports.closing })
    expect(reported).toHaveBeenCalled()
  })
  test('that no server answers to is refused while SMTP is on or to be on', async () => {
    const w = await projectWorld()
    quiet()
    const refusal = [400, 'project_smtp_config_invalid']
    expect(outcome(await patch(w, { ...CLOSED, enabled: true }))).toEqual(refusal)
    expect(await stored(w, 'smtp:host')).toBeUndefined()
    await patch(w, PLAIN)
    expect(outcome(await patch(w, { port: ports.closing }))).toEqual(refusal)
    expect(smtpOf(await w.send('get', '/project'))).toMatchObject({
      ...{ Enabled: true, Port: ports.plain },
    })
  })
  test.each([
    ['a wrong password', { ...LOGIN, password: 'wrong', port: ports.starttls }],
    ['a server without STARTTLS', { port: ports.plain, secure: 'tls' }],
    ['a certificate of another host', { port: ports.elsewhere, secure: 'tls' }],
    ['a port that no server can have', { port: 70_000 }],
    ['a negative port', { port: -1 }],
  ])('with %s does not pass', async (_, fields) => {
    const w = await projectWorld()
    quiet()
    expect(outcome(await patch(w, { ...PLAIN, ...fields, enabled: true }))).toEqual([
      400,
      'project_smtp_config_invalid',
    ])
  })
  test.each([
    ['localhost', '', 'none'],
    ['localhost', 'tls', 'starttls'],
    ['smtp.example.org', '', 'starttls'],
    ['smtp.example.org', 'tls', 'starttls'],
    ['smtp.example.org', 'ssl', 'tls'],
  ] as const)('speaks to %s with %j by %s', (host, secure, security) => {
    const smtp = { ...DEFAULT_SETTINGS.smtp, host, port: 25, secure }
    expect(smtpConfigOf(smtp, 'x')).toEqual({ host, port: 25, security })
  })
  test.each(['host', 'port', 'senderEmail'])('to on needs %s', async (name) => {
    const w = await projectWorld()
    const given = { ...PLAIN, [name]: undefined, enabled: true }
    expect(outcome(await patch(w, given))).toEqual([400, 'general_argument_invalid'])
    expect(await stored(w, 'smtp:senderEmail')).toBeUndefined()
  })
  test('cannot take away what SMTP needs while it is on', async () => {
    const w = await projectWorld()
    await patch(w, PLAIN)
    for (const body of [{ senderEmail: '' }, { port: 0 }]) {
      expect(outcome(await patch(w, body))).toEqual([400, 'general_argument_invalid'])
    }
    const off = await patch(w, { senderEmail: '', enabled: false })
    expect(smtpOf(off)).toMatchObject({ Enabled: false, SenderEmail: '' })
  })
  test('of nothing leaves $updatedAt, as does the same password', async () => {
    const w = await projectWorld()
    await patch(w, { ...PLAIN, ...LOGIN, port: ports.tls, secure: 'ssl' })
    await w.set('project:updatedAt', 0)
    await patch(w, { ...PLAIN, ...LOGIN, port: ports.tls })
    expect(await updatedAt(w)).toBe('1970-01-01T00:00:00.000+00:00')
  })
  test('is judged again when another one came between its check and its storing', async () => {
    const w = await projectWorld()
    quiet()
    await patch(w, PLAIN)
    const other = await world()
    // Its check still saw a server that answers; by the time of storing it would be another one.
    before(w, 2, () => other.set('smtp:port', ports.closing))
    expect(outcome(await patch(w, { senderName: 'Post' }))).toEqual([
      400,
      'project_smtp_config_invalid',
    ])
    expect(await stored(w, 'smtp:senderName')).toBeUndefined()
  })
})

test.each([
  [{ host: '' }],
  [{ host: 'https://x.example' }],
  [{ host: 'x.example:25' }],
  [{ host: 'x'.repeat(254) }],
  [{ port: '587' }],
  [{ port: 1.5 }],
  [{ port: 2_147_483_648 }],
  [{ username: 'x'.repeat(257) }],
  [{ password: 'x'.repeat(257) }],
  [{ senderEmail: 'x' }],
  [{ replyToEmail: 'x@' }],
  [{ senderName: 'x'.repeat(257) }],
  [{ secure: 'TLS' }],
  [{ secure: 'none' }],
  [{ enabled: 'true' }],
  [{ enabled: 1 }],
])('refuses %j', async (body) => {
  const w = await projectWorld()
  expect(outcome(await patch(w, { ...PLAIN, ...body }))).toEqual([400, 'general_argument_invalid'])
  expect(await stored(w, 'smtp:host')).toBeUndefined()
})

describe('a test', () => {
  test('reaches every address, and shows sender and reply-to', async () => {
    const w = await projectWorld()
    await patch(w, { ...PLAIN, senderName: 'Post <&>', replyToEmail: 'help@example.org' })
    const to = Array.from({ length: 10 }, () => freshAddress())
    expect((await test_(w, to)).status).toBe(204)
    for (const one of to) {
      const { mail } = await mailTo(one)
      expect(mail.from).toEqual({ name: 'Post <&>', address: 'post@example.org' })
      expect(mail.replyTo).toMatchObject([{ address: 'help@example.org' }])
      expect(mail.subject).toBe('Test mail of Edgewrite')
      expect(mail.text).toContain('From: Post <&> post@example.org')
      expect(mail.html).toContain('From: Post &lt;&amp;&gt; post@example.org')
      expect(mail.text).toContain('Replies to: help@example.org')
    }
  })
  test('tells nobody but the log what becomes of it', async () => {
    const w = await projectWorld()
    const reported = quiet()
    await patch(w, PLAIN)
    const to = freshAddress('refused')
    const fine = freshAddress()
    expect((await test_(w, [to, fine])).status).toBe(204)
    expect(reported).toHaveBeenCalledTimes(1)
    expect(await mailsTo(fine)).toHaveLength(1)
  })
  test('needs SMTP to be on', async () => {
    const w = await projectWorld()
    const refusal = [400, 'general_argument_invalid']
    expect(outcome(await test_(w, []))).toEqual(refusal)
    await patch(w, { ...PLAIN, enabled: false })
    expect(outcome(await test_(w, [freshAddress()]))).toEqual(refusal)
  })
  test('to nobody is fine', async () => {
    const w = await projectWorld()
    await patch(w, PLAIN)
    expect((await test_(w, [])).status).toBe(204)
  })
  test.each([[Array(11).fill('a@example.com')], [['x']], ['a@example.com'], [undefined]])(
    'refuses the addresses %j',
    async (emails) => {
      const w = await projectWorld()
      await patch(w, PLAIN)
      expect(outcome(await test_(w, emails))).toEqual([400, 'general_argument_invalid'])
    },
  )
  test.each([
    ['senderEmail', ''],
    ['port', 0],
    ['host', ''],
  ])('needs %s', async (name, value) => {
    const w = await projectWorld()
    await patch(w, PLAIN)
    await w.set(`smtp:${name}`, value)
    expect(outcome(await test_(w, []))).toEqual([400, 'general_argument_invalid'])
  })
})

describe('mails of the project', () => {
  const ask = async (w: World, to: string, headers = GUEST_HEADERS) =>
    w.send('post', '/account/tokens/email', { userId: 'unique()', email: to }, headers)

  test('go through its server and come from its sender, though the deployment’s fails', async () => {
    const w = await projectWorld({ SMTP_URL: `smtp://localhost:${ports.closing}` })
    quiet()
    const to = freshAddress()
    expect(outcome(await ask(w, to))).toEqual([503, 'general_smtp_disabled'])
    await patch(w, {
      ...{ ...PLAIN, ...LOGIN, port: ports.tls, secure: 'ssl', senderName: 'Post' },
      ...{ replyToEmail: 'help@example.org', replyToName: 'Help' },
    })
    expect((await ask(w, to)).status).toBe(201)
    const { mail, from, user, encrypted } = await mailTo(to)
    expect([from, user, encrypted]).toEqual(['post@example.org', SMTP_USER, true])
    expect(mail.from).toEqual({ name: 'Post', address: 'post@example.org' })
    expect(mail.replyTo).toEqual([{ name: 'Help', address: 'help@example.org' }])
    expect(codeIn({ text: mail.text ?? '' })).toMatch(/^\d{6}$/)
  })
  test('go through the deployment’s once SMTP is off again', async () => {
    const w = await projectWorld({ SMTP_URL: '', MAIL_OUTBOX: 'on' })
    await patch(w, PLAIN)
    await patch(w, { enabled: false })
    const to = freshAddress()
    expect((await ask(w, to)).status).toBe(201)
    expect(await mailsTo(to)).toEqual([])
  })
  test('fail with a 503 where the server does', async () => {
    const w = await projectWorld()
    await patch(w, PLAIN)
    await w.set('smtp:port', ports.closing)
    quiet()
    expect(outcome(await ask(w, freshAddress()))).toEqual([503, 'general_smtp_disabled'])
  })
  test('fail with a 503 where the password cannot be read', async () => {
    const w = await projectWorld()
    await patch(w, { ...PLAIN, ...LOGIN, port: ports.tls, secure: 'ssl' })
    const other = await world({
      ...{ SECRET: 'another secret of the deployment, long enough', RATE_LIMITS: 'off' },
    })
    const answer = await ask(other, freshAddress())
    expect([...outcome(answer), answer.body.message]).toEqual([
      ...[503, 'general_smtp_disabled', 'Set the password of the SMTP server again.'],
    ])
  })
})

describe('the host is on the public internet', () => {
  const INTERNAL = [
    ...[
      'localhost',
      'LOCALHOST',
      'localhost.',
      'mail.localhost',
      '127.0.0.1',
      '127.1',
      '0x7f000001',
    ],
    ...['0177.0.0.1', '2130706433', '１２７.0.0.1', '127。0。0。1', '10.0.0.1', '172.31.255.255'],
    ...['192.168.0.1', '169.254.169.254', '100.64.0.1', '224.0.0.1', '240.0.0.1', '0.0.0.0', '0'],
    ...['255.255.255.255', 'mail', 'mail.local', 'metadata.google.internal', 'mail.corp', 'x.lan'],
    ...['router.home.arpa', 'mail.invalid', 'mail.test', 'com', 'mail.example.com\u00a0', '\\\\x'],
    ...['user@mail.example.com', 'mail.example.com?x', 'mail.example.com#x', ' mail.example.com'],
  ]
  test.each(INTERNAL)('%j is refused, and nobody is asked', async (host) => {
    const w = await projectWorld({ SMTP_URL: '' })
    const answer = await patch(w, { ...PLAIN, host })
    expect(outcome(answer)).toEqual([400, 'general_argument_invalid'])
    expect(await stored(w, 'smtp:host')).toBeUndefined()
  })
  test.each(['smtp.example.com', 'SMTP.Example.COM', 'smtp.bücher.de', '203.0.114.7'])(
    '%s is taken',
    async (host) => {
      const w = await projectWorld({ SMTP_URL: '' })
      expect((await patch(w, { host })).status).toBe(200)
    },
  )
  test('or where the deployment’s own setting has it, in any spelling', async () => {
    const w = await projectWorld()
    expect((await patch(w, { host: 'LOCALHOST' })).status).toBe(200)
    expect(outcome(await patch(w, { host: '127.0.0.1' }))).toEqual([
      400,
      'general_argument_invalid',
    ])
    const other = await projectWorld({ SMTP_URL: 'smtps://relay.corp', MAIL_FROM: 'a@example.org' })
    expect((await patch(other, { host: 'relay.corp' })).status).toBe(200)
    expect((await patch(other, { host: 'db.corp' })).status).toBe(400)
  })
  test('nothing is sent through one that was stored before, and it can be switched off', async () => {
    const w = await projectWorld({ SMTP_URL: '' })
    await w.set('smtp:enabled', true)
    for (const [name, value] of Object.entries(PLAIN)) await w.set(`smtp:${name}`, value)
    const to = freshAddress()
    const asked = { userId: 'unique()', email: to }
    const answer = await w.send('post', '/account/tokens/email', asked, GUEST_HEADERS)
    expect(outcome(answer)).toEqual([503, 'general_smtp_disabled'])
    expect(await mailsTo(to)).toEqual([])
    expect(outcome(await patch(w, { senderName: 'x' }))).toEqual([400, 'general_argument_invalid'])
    expect(smtpOf(await patch(w, { enabled: false })).Enabled).toBe(false)
  })
})
