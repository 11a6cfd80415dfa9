import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { outbox } from '#/db/schema/mail'
import { mailConfigured, mailMoment, sendTemplate, type TemplateMail } from '#/messaging/mail/send'
import { carriers, freshAddress, mailsTo, mailTo, mailWorld } from '#test/support/mail'
import { SMTP_PASSWORD, SMTP_USER } from '#test/support/smtp-login'

const { ports } = carriers
const SMTP = {
  SMTP_URL: `smtp://127.0.0.1:${ports.plain}`,
  MAIL_FROM: 'Acme <no-reply@acme.example>',
  PROJECT_NAME: 'Engines',
}
const LINK = 'https://app.example.com/join?membershipId=m1&secret=s3cr3t&teamName=R%26D+team'
const FIREFOX = {
  'User-Agent':
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:130.0) Gecko/20100101 Firefox/130.0',
}

const recovery = (to: string): TemplateMail<'recovery'> => ({
  template: 'recovery',
  to,
  toName: 'Bob',
  variables: { redirect: LINK },
  locale: 'en',
})

/** Returns a Worker that sends one mail. */
const sending = (
  settings: Record<string, unknown>,
  mail: TemplateMail<'recovery'> | TemplateMail<'magicSession'> | TemplateMail<'invitation'>,
) =>
  mailWorld(settings, async (c) => {
    await sendTemplate(c, mail as TemplateMail<'recovery'>) // one of those that the function is called with
    return c.body(null, 204)
  })

beforeEach(async () => {
  await mailWorld({}).db.delete(outbox)
})
afterEach(() => vi.restoreAllMocks())

test('sends the mail of a template, whose link can be followed', async () => {
  const to = freshAddress()
  const world = sending(SMTP, {
    template: 'invitation',
    to,
    toName: 'Bob <b>',
    variables: { redirect: LINK, team: 'R&D', owner: 'Ada' },
    locale: 'fr',
  })
  expect(await world.send()).toEqual({ status: 204, body: undefined })
  const { mail, from } = await mailTo(to)
  expect(from).toBe('no-reply@acme.example')
  expect(mail.from).toEqual({ address: 'no-reply@acme.example', name: 'Acme' })
  expect(mail.to).toEqual([{ address: to, name: 'Bob <b>' }])
  expect(mail.replyTo).toBeUndefined()
  expect(mail.subject).toBe('Invitation dans l’équipe R&D sur Engines')
  expect(mail.text?.split(/\r?\n/)).toContain(LINK)
  expect(mail.html).toContain(`href="${LINK.replaceAll('&', '&amp;')}"`)
  expect(mail.html).toContain('Bonjour Bob &lt;b&gt;,')
  expect(mail.html).toContain('Engines · api.example.com')
})

test('tells with what program a request was made, in the language that it asked for', async () => {
  const to = freshAddress()
  const world = sending(SMTP, {
    template: 'magicSession',
    to,
    toName: '',
    variables: { redirect: LINK, phrase: 'Golden fox' },
  })
  await world.send({ ...FIREFOX, 'X-Appwrite-Locale': 'de' })
  const { mail } = await mailTo(to)
  expect(mail.text).toContain('Angefordert mit Firefox unter ')
  expect(mail.text).toContain('Golden fox')
})

test('goes through the login and encryption of SMTP_URL', async () => {
  const to = freshAddress()
  const login = `${encodeURIComponent(SMTP_USER)}:${encodeURIComponent(SMTP_PASSWORD)}`
  const SMTP_URL = `smtps://${login}@localhost:${ports.tls}`
  expect((await sending({ ...SMTP, SMTP_URL }, recovery(to)).send()).status).toBe(204)
  expect(await mailTo(to)).toMatchObject({ user: SMTP_USER, encrypted: true })
})

describe('the carrier', () => {
  test('is SMTP before the outbox, and the outbox before the binding', async () => {
    const sent: unknown[] = []
    const EMAIL = { send: async (mail: unknown) => sent.push(mail) }
    const to = freshAddress()
    await sending({ ...SMTP, MAIL_OUTBOX: 'on', EMAIL }, recovery(to)).send()
    expect(await mailsTo(to)).toHaveLength(1)
    const world = sending({ MAIL_OUTBOX: 'on', EMAIL }, recovery(to))
    await world.send()
    expect(await world.db.select().from(outbox)).toMatchObject([
      { kind: 'mail', to, subject: 'Reset your password for Edgewrite' },
    ])
    expect(sent).toEqual([])
    await sending({ MAIL_FROM: SMTP.MAIL_FROM, EMAIL }, recovery(to)).send()
    expect(sent).toMatchObject([{ to, from: { email: 'no-reply@acme.example', name: 'Acme' } }])
    expect(await mailsTo(to)).toHaveLength(1)
    expect(await world.db.select().from(outbox)).toHaveLength(1)
  })

  test('that is missing is a 503', async () => {
    expect(await sending({}, recovery(freshAddress())).send()).toEqual({
      status: 503,
      body: {
        type: 'general_smtp_disabled',
        message: 'No mail carrier is configured, so no mail can be sent.',
      },
    })
  })

  test.each([
    ['fails', 'unwanted', 503, 'general_smtp_disabled', /could not be handed to its carrier/],
    ['refuses the address', 'refused', 400, 'general_invalid_email', /takes no mail for this/],
  ])('that %s says so, and nothing is kept back silently', async (_, to, code, type, text) => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { status, body } = await sending(SMTP, recovery(freshAddress(to))).send()
    expect([status, body.type]).toEqual([code, type])
    expect(body.message).toMatch(text)
    expect(body.message).not.toMatch(/550|127\.0\.0\.1|@/)
    expect(log).toHaveBeenCalledTimes(1)
    expect(`${log.mock.calls[0]}`).toMatch(/55[04]/)
  })
})

test('knows before whether it can send', async () => {
  const asking = (settings: Record<string, unknown>) =>
    mailWorld(settings, (c) => c.json(mailConfigured(c))).send()
  expect((await asking({})).body).toBe(false)
  expect((await asking(SMTP)).body).toBe(true)
  expect((await asking({ MAIL_OUTBOX: 'on' })).body).toBe(true)
})

describe("the project's own", () => {
  const template = {
    locale: 'en',
    subject: 'Own {{project}}',
    message: '<p>Own <a href="{{redirect}}">link</a></p>',
    senderName: '',
    senderEmail: '',
    replyToEmail: '',
    replyToName: '',
  }
  const smtp = { host: '127.0.0.1', port: ports.plain, security: 'none' as const }
  const sender = {
    email: 'project@own.example',
    name: 'Own',
    replyToEmail: 'help@own.example',
    replyToName: 'Help',
  }

  test('server, sender and template come before those of the deployment', async () => {
    const to = freshAddress()
    const own = { smtp, sender, template }
    // The deployment itself has nothing that could send.
    expect(
      (await sending({ PROJECT_NAME: 'Engines' }, { ...recovery(to), own }).send()).status,
    ).toBe(204)
    const { mail, from } = await mailTo(to)
    expect(from).toBe('project@own.example')
    expect(mail).toMatchObject({
      from: { address: 'project@own.example', name: 'Own' },
      replyTo: [{ address: 'help@own.example', name: 'Help' }],
      subject: 'Own Engines',
    })
    expect(mail.text?.trim()).toBe(`Own link ${LINK}`)
  })

  test("template's sender and reply address come first, field by field", async () => {
    const to = freshAddress()
    const own = {
      smtp,
      sender,
      template: { ...template, senderEmail: 'tpl@own.example', replyToName: 'Template help' },
    }
    await sending(SMTP, { ...recovery(to), own }).send()
    expect((await mailTo(to)).mail).toMatchObject({
      from: { address: 'tpl@own.example', name: 'Own' },
      replyTo: [{ address: 'help@own.example', name: 'Template help' }],
    })
  })
})

test('the name of the project stands where MAIL_FROM has none', async () => {
  const to = freshAddress()
  await sending({ ...SMTP, MAIL_FROM: 'no-reply@acme.example' }, recovery(to)).send()
  expect((await mailTo(to)).mail.from).toEqual({
    address: 'no-reply@acme.example',
    name: 'Engines',
  })
})

test.each([
  ['en', 'November 24'],
  ['de-at', '24. November'],
  ['ja', '11月24日'],
  // Their mails are in English.
  ['zh-tw', 'November 24'],
])('tells a moment in %s', (locale, date) => {
  expect(mailMoment(new Date('2026-11-24T23:59:58.765Z'), locale)).toEqual({
    date,
    time: '23:59:58',
  })
})
