import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Settings } from '#/config/env'
import type { SmtpConfig } from '#/config/smtp-url'
import { bindingMailer, mailerOf, reporting } from '#/messaging/mail/mailer'
import type { Message } from '#/messaging/mail/message'
import { smtpMailer, verifySmtp } from '#/messaging/mail/smtp'
import { NOW } from '#test/support/clock'
import { carriers, freshAddress, mailsTo, mailTo } from '#test/support/mail'
import { SMTP_PASSWORD, SMTP_USER } from '#test/support/smtp-login'

const { ports } = carriers

const LOGIN = { username: SMTP_USER, password: SMTP_PASSWORD }
const PLAIN: SmtpConfig = { host: '127.0.0.1', port: ports.plain, security: 'none' }
const UPGRADED: SmtpConfig = {
  host: 'localhost',
  port: ports.starttls,
  security: 'starttls',
  ...LOGIN,
}
const ENCRYPTED: SmtpConfig = { host: 'localhost', port: ports.tls, security: 'tls', ...LOGIN }

const message = (to: string, changed: Partial<Message> = {}): Message => ({
  date: NOW,
  to,
  from: 'no-reply@acme.example',
  subject: 'Hello',
  text: 'Hello',
  html: '<p>Hello</p>',
  ...changed,
})

const logged = () => vi.spyOn(console, 'error').mockImplementation(() => {})
afterEach(() => vi.restoreAllMocks())

/** Returns everything that was logged as text, causes and properties with it. */
const shown = (log: ReturnType<typeof logged>) =>
  log.mock.calls
    .flat()
    .map((value) =>
      value instanceof Error ? `${value.stack} ${JSON.stringify(value)}` : `${value}`,
    )
    .join('\n')

describe('a mail over SMTP', () => {
  const link = `https://app.example.com/verify?userId=u1&secret=${'f0'.repeat(128)}&expire=2026-11-24`
  const text = [
    'Grüße, 日本語 ✓',
    '.',
    '..',
    '.starts with a dot',
    '',
    link,
    `${'long '.repeat(300)}end`,
    'From the start of a line',
  ].join('\n')
  const html = `<p title="ü">Grüße ✓</p>\n.\n..x\n<a href="${link.replaceAll('&', '&amp;')}">x</a>`

  test('arrives as it was written: names, subject, both parts, dots, links', async () => {
    const to = freshAddress()
    await smtpMailer(PLAIN).send(
      message(to, {
        toName: 'Bøb, "the builder" <b>',
        fromName: 'Äcme; Inc.',
        replyTo: 'help@acme.example',
        replyToName: 'Hélp',
        subject:
          'Prüfung ✓ 日本語: a subject that is far longer than the seventy-six characters of a line =?x?=',
        text,
        html,
      }),
    )
    const { mail, from, to: recipients, greeting, encrypted } = await mailTo(to)
    expect({ from, recipients, greeting, encrypted }).toEqual({
      from: 'no-reply@acme.example',
      recipients: [to],
      greeting: 'acme.example',
      encrypted: false,
    })
    expect(mail.from).toEqual({ address: 'no-reply@acme.example', name: 'Äcme; Inc.' })
    expect(mail.to).toEqual([{ address: to, name: 'Bøb, "the builder" <b>' }])
    expect(mail.replyTo).toEqual([{ address: 'help@acme.example', name: 'Hélp' }])
    expect(mail.subject).toBe(
      'Prüfung ✓ 日本語: a subject that is far longer than the seventy-six characters of a line =?x?=',
    )
    expect(mail.text?.replaceAll('\r\n', '\n').trimEnd()).toBe(text)
    expect(mail.html?.replaceAll('\r\n', '\n').trimEnd()).toBe(html)
  })

  test('has a date, an ID of the sender’s domain, lines of legal length, and says that a machine wrote it', async () => {
    const to = freshAddress()
    await smtpMailer(PLAIN).send(message(to, { text, html }))
    const { mail, source } = await mailTo(to)
    expect(mail.messageId).toMatch(/^<[^<>\s]+@acme\.example>$/)
    expect(new Date(mail.date ?? '')).toEqual(NOW) // NOW is a whole second, which is all a header holds
    expect(mail.headers.find(({ key }) => key === 'auto-submitted')?.value).toBe('auto-generated')
    // RFC 5322 §2.1.1
    expect(Math.max(...source.split('\r\n').map(({ length }) => length))).toBeLessThanOrEqual(998)
    expect(source.replaceAll('\r\n', '')).not.toMatch(/[\r\n\x80-\xff]/)
  })

  test.each([
    ['STARTTLS and AUTH PLAIN', UPGRADED],
    ['STARTTLS and AUTH LOGIN', { ...UPGRADED, port: ports.login }],
    ['TLS from the start', ENCRYPTED],
    ['TLS to an address', { ...ENCRYPTED, host: '127.0.0.1' }],
  ])('goes encrypted and logged in: %s', async (_, config) => {
    const to = freshAddress()
    await smtpMailer(config).send(message(to))
    expect(await mailTo(to)).toMatchObject({ encrypted: true, user: SMTP_USER })
  })

  test.each([
    ['without encryption to another machine', { ...PLAIN, host: 'mail.example.com' }, /encryption/],
    [
      'where the server has no STARTTLS',
      { ...PLAIN, port: ports.bare, security: 'starttls' as const },
      /STARTTLS/,
    ],
    ['with a certificate of its own making', { ...UPGRADED, port: ports.selfSigned }, /./],
    ['with a certificate of another host', { ...UPGRADED, port: ports.elsewhere }, /./],
    ['with TLS and a certificate of another host', { ...ENCRYPTED, port: ports.elsewhereTls }, /./],
    ['with a wrong password', { ...UPGRADED, password: 'wrong' }, /Authentication failed/],
    ['without the login that is set', { ...PLAIN, ...LOGIN, port: ports.bare }, /./],
    ['where nobody listens', { ...PLAIN, port: 1 }, /./],
    ['where the server hangs up', { ...PLAIN, port: ports.closing }, /./],
  ])('is not sent %s', async (_, config, reason) => {
    const to = freshAddress()
    await expect(smtpMailer(config).send(message(to))).rejects.toThrow(reason)
    expect(await mailsTo(to)).toEqual([])
  })

  test.each([
    ['the recipient', 'refused', /550/],
    ['the message', 'unwanted', /554/],
  ])('fails where the server refuses %s', async (_, local, reason) => {
    await expect(smtpMailer(PLAIN).send(message(freshAddress(local)))).rejects.toThrow(reason)
  })

  test.each([
    ['says nothing', { ...PLAIN, port: ports.silent }, 'bob'],
    ['says nothing that ends', { ...PLAIN, port: ports.trickling }, 'bob'],
    ['never takes the message', PLAIN, 'stuck'],
    ['waits for TLS', { ...ENCRYPTED, port: ports.silent }, 'bob'],
    ['speaks TLS to a client that does not', { ...PLAIN, port: ports.tls }, 'bob'],
  ])('ends in time where the server %s', async (_, config, local) => {
    const started = performance.now()
    await expect(smtpMailer(config, 400).send(message(freshAddress(local)))).rejects.toThrow()
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

describe('what a mail is made of cannot add to it', () => {
  const INJECTED = '\r\nBcc: victim@example.com\r\nX-Injected: yes\r\n\r\nbody'

  test.each(['subject', 'toName', 'fromName', 'replyToName'])(
    '%s adds no header',
    async (field) => {
      const to = freshAddress()
      const hostile = message(to, { replyTo: 'a@b.example', [field]: `x${INJECTED}` })
      await reporting(smtpMailer(PLAIN)).send(hostile)
      const { mail, source, to: recipients } = await mailTo(to)
      expect(recipients).toEqual([to])
      expect(mail.headers.map(({ key }) => key).sort()).toEqual([
        ...['auto-submitted', 'content-type', 'date', 'from', 'message-id', 'mime-version'],
        ...['reply-to', 'subject', 'to'],
      ])
      expect(source).not.toMatch(/^(Bcc|X-Injected)/im)
      expect(mail.html?.trim()).toBe('<p>Hello</p>')
    },
  )

  test.each([
    `victim@example.com${INJECTED}`,
    'a@b.example>\r\nRCPT TO:<victim@example.com',
    'a@b.example, victim@example.com',
    'Bob <a@b.example>',
    '',
  ])('an address %j is not sent to, nor from', async (address) => {
    const log = logged()
    const mailer = reporting(smtpMailer(PLAIN))
    const to = freshAddress()
    const from = message(to, { from: address || '\n' })
    await expect(mailer.send(from)).rejects.toMatchObject({ type: 'general_smtp_disabled' })
    await expect(mailer.send(message(address || '\n'))).rejects.toMatchObject({
      type: 'general_smtp_disabled',
    })
    expect(log).toHaveBeenCalledTimes(2)
    expect(await mailsTo(to)).toEqual([])
  })

  test('text that looks like SMTP stays text', async () => {
    const to = freshAddress()
    const text = 'a\r\n.\r\nMAIL FROM:<evil@example.com>\r\nRCPT TO:<victim@example.com>\n.\nQUIT\n'
    await smtpMailer(PLAIN).send(message(to, { text }))
    const { mail } = await mailTo(to)
    expect(mail.text?.replaceAll('\r\n', '\n').trimEnd()).toBe(
      text.replaceAll('\r\n', '\n').trimEnd(),
    )
    expect(await mailsTo('victim@example.com')).toEqual([])
  })
})

describe('a carrier that fails', () => {
  test('is a 503 to the client, and the cause is in the log, without the password', async () => {
    const log = logged()
    const mailer = reporting(smtpMailer({ ...UPGRADED, password: 'hunter2-wrong' }))
    await expect(mailer.send(message(freshAddress()))).rejects.toMatchObject({
      type: 'general_smtp_disabled',
      message: 'The mail could not be handed to its carrier. Nothing was sent; try again later.',
    })
    expect(shown(log)).toContain('Authentication failed')
    expect(shown(log)).not.toContain('hunter2')
    expect(shown(log)).not.toContain(btoa('hunter2-wrong'))
  })
})

describe('checking a server', () => {
  test.each([UPGRADED, ENCRYPTED, PLAIN])('logs in and sends nothing', async (config) => {
    await verifySmtp(config)
  })

  test.each([
    ['a wrong password', { ...UPGRADED, password: 'wrong' }],
    ['a certificate of another host', { ...UPGRADED, port: ports.elsewhere }],
    ['no encryption', { ...PLAIN, port: ports.bare, security: 'starttls' as const }],
    ['nobody there', { ...PLAIN, port: 1 }],
    ['silence', { ...PLAIN, port: ports.silent }],
    ['a reply without end', { ...PLAIN, port: ports.trickling }],
  ])('fails in time for %s', async (_, config) => {
    const started = performance.now()
    await expect(verifySmtp(config, 500)).rejects.toThrow()
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

describe('the e-mail binding', () => {
  const binding = (send: (message: unknown) => Promise<EmailSendResult>) =>
    ({ send }) as unknown as SendEmail // stands for what the platform gives

  test('gets the mail as an object', async () => {
    const sent: unknown[] = []
    const mailer = bindingMailer(
      binding(async (mail) => {
        sent.push(mail)
        return { messageId: 'm1' }
      }),
    )
    await reporting(mailer).send(
      message('bob@example.com', {
        fromName: 'Acme\r\n',
        replyTo: 'help@acme.example',
        subject: 'a\nb',
      }),
    )
    expect(sent).toEqual([
      {
        to: 'bob@example.com',
        from: { email: 'no-reply@acme.example', name: 'Acme' },
        replyTo: { email: 'help@acme.example', name: '' },
        subject: 'a b',
        text: 'Hello',
        html: '<p>Hello</p>',
      },
    ])
  })

  test('is waited for no longer than the time a carrier has', async () => {
    const mailer = bindingMailer(
      binding(() => new Promise(() => {})),
      50,
    )
    await expect(mailer.send(message('bob@example.com'))).rejects.toThrow('too long')
  })

  test('reports a refusal', async () => {
    const log = logged()
    const mailer = reporting(
      bindingMailer(binding(() => Promise.reject(new Error('E_SENDER_NOT_VERIFIED')))),
    )
    await expect(mailer.send(message('bob@example.com'))).rejects.toMatchObject({
      type: 'general_smtp_disabled',
    })
    expect(shown(log)).toContain('E_SENDER_NOT_VERIFIED')
  })
})

test('knows its carrier by the settings', () => {
  const EMAIL = {} as SendEmail
  const of = (env: { EMAIL?: SendEmail }, settings: Partial<Settings>) =>
    mailerOf(env, settings as Settings, undefined as never) !== undefined
  const MAIL_FROM = { email: 'a@b.example', name: '' }
  expect(of({}, {})).toBe(false)
  expect(of({}, { MAIL_FROM, MAIL_OUTBOX: 'off' })).toBe(false)
  expect(of({}, { MAIL_OUTBOX: 'on' })).toBe(true)
  expect(of({}, { SMTP_URL: PLAIN, MAIL_FROM })).toBe(true)
  expect(of({ EMAIL }, { MAIL_FROM })).toBe(true)
  expect(() => of({ EMAIL }, {})).toThrow('MAIL_FROM is missing; EMAIL needs it')
})
