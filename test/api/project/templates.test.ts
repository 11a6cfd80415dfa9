import { describe, expect, test } from 'vitest'
import { emailTemplates } from '#/db/schema'
import { TEMPLATES } from '#/messaging/mail/locales/locale'
import { TIME } from '#test/support/clock'
import { carriers, freshAddress, mailTo } from '#test/support/mail'
import { outcome, projectWorld, updatedAt } from '#test/support/project'
import type { Json, World } from '#test/support/world'

const PATH = '/project/templates/email'
const SMTP = { host: 'localhost', port: carriers.ports.plain, senderEmail: 'post@example.org' }
const TEXTS = { subject: 'Code {{otp}}', message: '<p>Take {{otp}}, {{user}}</p>' }

/** Returns a Worker whose project has a mail server. */
async function mailing() {
  const w = await projectWorld()
  await w.send('patch', '/project/smtp', SMTP)
  return w
}
const patch = (w: World, body: Json) => w.send('patch', PATH, { templateId: 'otpSession', ...body })
const get = (w: World, id: string, query = '') => w.send('get', `${PATH}/${id}${query}`)

const NOBODY = { senderName: '', senderEmail: '', replyToEmail: '', replyToName: '' }

test.each(TEMPLATES)('shows the built-in text of %s, not filled in', async (templateId) => {
  const w = await projectWorld()
  const { status, body } = await get(w, templateId)
  expect(status).toBe(200)
  expect(body).toEqual({
    ...{ templateId, locale: 'en', ...NOBODY },
    subject: expect.stringContaining('{{project}}'),
    message: expect.stringMatching(/<p>.*\{\{user\}\}/s),
  })
})

test('shows the text of a locale in any case, and English where there is none', async () => {
  const w = await projectWorld()
  const [english, german, austrian, afrikaans] = await Promise.all(
    ['', '?locale=DE', '?locale=de-at', '?locale=af'].map(
      async (query) => (await get(w, 'recovery', query)).body,
    ),
  )
  expect(german.locale).toBe('de')
  expect(german.subject).not.toBe(english.subject)
  expect(austrian).toEqual({ ...german, locale: 'de-at' })
  expect(afrikaans).toEqual({ ...english, locale: 'af' })
})

test.each([
  ['unknown', ''],
  ['Recovery', ''],
  ['recovery', '?locale='],
  ['recovery', '?locale=xx'],
])('refuses %s%s', async (id, query) => {
  const w = await projectWorld()
  expect(outcome(await get(w, id, query))).toEqual([400, 'general_argument_invalid'])
})

describe('a change', () => {
  test('needs SMTP', async () => {
    const w = await projectWorld()
    expect(outcome(await patch(w, TEXTS))).toEqual([400, 'general_argument_invalid'])
  })
  test('needs subject and message the first time, and either alone then', async () => {
    const w = await mailing()
    for (const one of [{ subject: 'x' }, { message: 'x' }, { senderName: 'x' }, {}]) {
      expect(outcome(await patch(w, one))).toEqual([400, 'general_argument_invalid'])
    }
    const first = await patch(w, { ...TEXTS, senderName: 'Post', senderEmail: 'A@Example.org' })
    const expected = {
      ...{ templateId: 'otpSession', locale: 'en', ...TEXTS, replyToEmail: '', replyToName: '' },
      ...{ senderName: 'Post', senderEmail: 'a@example.org' },
    }
    expect([first.status, first.body]).toEqual([200, expected])
    expect(await updatedAt(w)).toBe(TIME)
    expect((await get(w, 'otpSession')).body).toEqual(expected)
    const second = await patch(w, { subject: 'Two', message: null, senderName: '' })
    expect(second.body).toEqual({ ...expected, subject: 'Two', senderName: '' })
    expect((await patch(w, {})).body).toEqual(second.body)
  })
  test('is for one locale alone, whatever case it is written in', async () => {
    const w = await mailing()
    await patch(w, { ...TEXTS, locale: 'PT-BR' })
    expect((await get(w, 'otpSession', '?locale=pt-br')).body.subject).toBe(TEXTS.subject)
    expect((await get(w, 'otpSession')).body.subject).not.toBe(TEXTS.subject)
    await patch(w, { ...TEXTS, locale: null })
    expect((await get(w, 'otpSession')).body.subject).toBe(TEXTS.subject)
    expect(await w.db.select().from(emailTemplates)).toHaveLength(2)
  })
  test.each([
    [{ subject: '' }],
    [{ message: '' }],
    [{ subject: 'x'.repeat(256) }],
    [{ senderName: 'x'.repeat(256) }],
    [{ senderEmail: 'x' }],
    [{ replyToEmail: 1 }],
    [{ locale: '' }],
    [{ locale: 'xx' }],
    [{ templateId: 'other' }],
    [{ templateId: undefined }],
  ])('refuses %j', async (body) => {
    const w = await mailing()
    expect(outcome(await patch(w, { ...TEXTS, ...body }))).toEqual([
      400,
      'general_argument_invalid',
    ])
    expect(await w.db.select().from(emailTemplates)).toEqual([])
  })
  test('keeps all templates within a million characters together', async () => {
    const w = await mailing()
    const message = 'x'.repeat(600_000)
    expect((await patch(w, { ...TEXTS, message })).status).toBe(200)
    expect((await patch(w, { ...TEXTS, message })).status).toBe(200)
    const other = { templateId: 'recovery', ...TEXTS }
    expect(outcome(await patch(w, { ...other, message }))).toEqual([
      400,
      'general_argument_invalid',
    ])
    const used = TEXTS.subject.length * 2 + message.length
    const room = 'x'.repeat(1_000_000 - used)
    expect(outcome(await patch(w, { ...other, message: `${room}x` }))[0]).toBe(400)
    expect((await patch(w, { ...other, message: room })).status).toBe(200)
  })
  test('leaves what others change meanwhile', async () => {
    const w = await mailing()
    await patch(w, TEXTS)
    await Promise.all([
      patch(w, { subject: 'A' }),
      patch(w, { message: 'B' }),
      patch(w, { senderName: 'C' }),
      patch(w, { replyToName: 'D' }),
    ])
    expect((await get(w, 'otpSession')).body).toMatchObject({
      ...{ subject: 'A', message: 'B', senderName: 'C', replyToName: 'D' },
    })
  })
})

test('lists what was changed, in order, and nothing else', async () => {
  const w = await mailing()
  expect((await w.send('get', PATH)).body).toEqual({ total: 0, templates: [] })
  await patch(w, { ...TEXTS, templateId: 'recovery' })
  await patch(w, { ...TEXTS, locale: 'de' })
  await patch(w, { templateId: 'recovery', subject: 'Two' })
  const { body } = await w.send('get', PATH)
  expect(body.total).toBe(2)
  expect(body.templates.map(({ templateId, locale }: Json) => [templateId, locale])).toEqual([
    ['recovery', 'en'],
    ['otpSession', 'de'],
  ])
  const offset = encodeURIComponent(JSON.stringify({ method: 'offset', values: [1] }))
  const slice = await w.send('get', `${PATH}?queries[0]=${offset}`)
  expect([slice.body.total, slice.body.templates[0].locale]).toEqual([2, 'de'])
})

describe('mails use a template', () => {
  const ask = async (w: World, asked?: string | Record<string, string>) => {
    const to = freshAddress()
    const headers = typeof asked === 'string' ? { 'X-Appwrite-Locale': asked } : { ...asked }
    const body = { userId: 'unique()', email: to }
    expect((await w.send('post', '/account/tokens/email', body, headers)).status).toBe(201)
    return (await mailTo(to)).mail
  }
  test('of the locale, else of English, else the built-in one', async () => {
    const w = await mailing()
    await patch(w, { ...TEXTS, subject: 'Deutsch', locale: 'de' })
    expect((await ask(w, 'de')).subject).toBe('Deutsch')
    expect((await ask(w)).subject).toContain('Edgewrite')
    await patch(w, { ...TEXTS, subject: 'English' })
    expect((await ask(w, 'de')).subject).toBe('Deutsch')
    expect((await ask(w, 'fr')).subject).toBe('English')
    expect((await ask(w)).subject).toBe('English')
  })
  test.each([
    ['pt-BR', ['pt', 'pt-br', 'en'], 'pt-br'],
    ['pt_BR', ['pt', 'en'], 'pt'],
    ['pt-PT', ['pt', 'pt-br'], 'pt'],
    ['pt-PT', ['pt-br', 'en'], 'pt-br'],
    ['de-DE', ['de-at', 'de', 'en'], 'de'],
    ['de-AT', ['de-at', 'de', 'en'], 'de-at'],
    ['de-CH', ['de-at', 'en'], 'en'],
    ['ar', ['ar-eg', 'en'], 'ar-eg'],
    ['ar-SA', ['ar-eg', 'ar-sa'], 'ar-sa'],
    ['zh-Hans', ['zh-tw', 'zh-cn'], 'zh-cn'],
    ['zh-Hant-TW', ['zh-tw', 'zh-cn'], 'zh-tw'],
    ['zh-Hant-HK', ['zh-tw', 'zh-cn'], 'zh-tw'],
    ['zh-Hant', ['zh-cn', 'en'], 'en'],
    ['nb-NO', ['no', 'en'], 'no'],
    ['no', ['nb', 'en'], 'nb'],
    ['uk-UA', ['ua', 'en'], 'ua'],
    ['fr-FR,fr;q=0.9,de;q=0.8', ['de', 'en'], 'de'],
    ['*', ['de', 'en'], 'en'],
    ['xx', ['de', 'en'], 'en'],
  ])('for %s, of %j that in %s', async (language, locales, expected) => {
    const w = await mailing()
    for (const locale of locales) await patch(w, { ...TEXTS, subject: locale, locale })
    for (const headers of [{ 'X-Appwrite-Locale': language }, { 'Accept-Language': language }]) {
      expect((await ask(w, headers)).subject).toBe(expected)
    }
  })
  test('with its sender, each field before the project’s', async () => {
    const w = await mailing()
    await w.send('patch', '/project/smtp', { senderName: 'Project', replyToEmail: 'p@example.org' })
    await patch(w, { ...TEXTS, senderEmail: 'own@example.org', replyToName: 'Own' })
    const mail = await ask(w)
    expect(mail.from).toEqual({ name: 'Project', address: 'own@example.org' })
    expect(mail.replyTo).toEqual([{ name: 'Own', address: 'p@example.org' }])
    expect(mail.html).toMatch(/<p>Take \d{6}, /)
  })
  test('only while SMTP is on', async () => {
    const w = await projectWorld({
      ...{ SMTP_URL: `smtp://localhost:${carriers.ports.plain}`, MAIL_FROM: 'd@example.org' },
    })
    await w.send('patch', '/project/smtp', SMTP)
    await patch(w, TEXTS)
    await w.send('patch', '/project/smtp', { enabled: false })
    const mail = await ask(w)
    expect([mail.from?.address, mail.subject?.startsWith('Code')]).toEqual(['d@example.org', false])
    expect((await get(w, 'otpSession')).body.subject).toBe(TEXTS.subject)
    await w.send('patch', '/project/smtp', { enabled: true })
    expect((await ask(w)).subject).toMatch(/^Code \d{6}$/)
  })
})
