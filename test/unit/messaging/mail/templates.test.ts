import { describe, expect, test } from 'vitest'
import { MAIL_LOCALES } from '#/messaging/mail/locales'
import {
  type MailText,
  NOTICE_REASONS,
  TEMPLATES,
  type TemplateName,
} from '#/messaging/mail/locales/locale'
import {
  builtInTemplate,
  type CommonVariables,
  type CustomTemplate,
  renderNotice,
  renderTemplate,
  type TemplateVariables,
} from '#/messaging/mail/templates'

const LINK = 'https://app.example.com/done?userId=u1&secret=s3cr3t&expire=2026-11-24T12%3A00%3A00'

const COMMON: CommonVariables = {
  user: 'Ada Lovelace',
  project: 'Engines',
  host: 'api.example.com',
  year: '2026',
  agentDevice: 'Apple',
  agentClient: 'Firefox',
  agentOs: 'macOS',
}
const GIVEN: { [Name in TemplateName]: TemplateVariables[Name] } = {
  verification: { redirect: LINK },
  recovery: { redirect: LINK },
  magicSession: { redirect: LINK, phrase: 'Golden fox' },
  otpSession: { otp: '482913', phrase: 'Golden fox' },
  mfaChallenge: { otp: '482913' },
  invitation: { redirect: LINK, team: 'Analysts', owner: 'Charles' },
  sessionAlert: {
    device: 'iPhone',
    ipAddress: '203.0.113.7',
    country: 'Germany',
    date: 'November 24',
    time: '12:00:00',
  },
}
const variablesOf = (template: TemplateName) => ({ ...COMMON, ...GIVEN[template] })

const render = (
  template: TemplateName,
  { locale = 'en', ...changed }: Record<string, string> = {},
  custom?: CustomTemplate,
) => renderTemplate(template, locale, { ...variablesOf(template), ...changed } as never, custom)

const CUSTOM: CustomTemplate = {
  locale: 'en',
  subject: 'For {{user}}',
  message: '<p>Hi {{user}}</p>',
  senderName: '',
  senderEmail: '',
  replyToEmail: '',
  replyToName: '',
}

const decodeHtml = (text: string) =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')

/** Returns every tag with its attributes; text between tags and the values of `href` are left out. */
const tags = (html: string) =>
  (html.match(/<[^>]*>/g) ?? []).map((tag) => tag.replace(/href="[^"]*"/, 'href'))

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</p></td></table><h1>Pay here</h1>',
  '&lt;b&gt;',
  '{{otp}}{{redirect}}{{b}}{{project}}',
  'a\r\nBcc: victim@example.com\r\n\r\nbody',
  'left\u202Ethgir\u2066\u200F',
  '$& $1 $$ $`',
  '__proto__',
]

/** Variables that the page shows below the message, and the text not at all. */
const footerOnly = ['host']

const typed = TEMPLATES.flatMap((template) =>
  Object.keys(variablesOf(template))
    .filter((name) => name !== 'redirect')
    .map((name) => ({ template, name })),
)

describe.each(typed)('$name in $template', ({ template, name }) => {
  test.each(HOSTILE)('%j adds no tag, attribute, placeholder or line', (value) => {
    const hostile = render(template, { [name]: value })
    const plain = render(template, { [name]: 'plain' })
    expect(tags(hostile.html)).toEqual(tags(plain.html))
    expect(hostile.html.split('\n')).toHaveLength(plain.html.split('\n').length)
    expect(hostile.text.split('\n')).toHaveLength(plain.text.split('\n').length)
    expect(hostile.subject).not.toMatch(/[\p{Cc}\u202e\u2066\u200f]/u)
    expect(hostile.html + hostile.text).not.toMatch(/[\u202e\u2066\u200f]/)
    expect(hostile.subject).not.toMatch(/<[^<>]*>/)
  })

  test('is not searched for placeholders', () => {
    const { html, text } = render(template, { [name]: 'x{{year}}x' })
    const shown = html.includes('x{{year}}x')
    expect(text.includes('x{{year}}x')).toBe(shown && !footerOnly.includes(name))
    expect(html + text).not.toContain('x2026x')
  })
})

test.each(['verification', 'recovery', 'magicSession', 'invitation'] as const)(
  'the link of %s survives the quotes around it, and stands in the text on a line of its own',
  (template) => {
    const redirect = `https://app.example.com/a"b?x='1'&copy=<2>&team=R%26D+x#f"g`
    const { html, text } = render(template, { redirect })
    const { href } = new URL(redirect)
    const links = [...html.matchAll(/href="([^"]*)"/g)].map(([, link = '']) => decodeHtml(link))
    expect(links).toEqual([href])
    expect(text.split('\n')).toContain(href)
    expect(decodeHtml(html).split(href)).toHaveLength(3)
  },
)

test('links to the schemes of apps', () => {
  const redirect = 'appwrite-callback-engines://invite?secret=s'
  expect(render('invitation', { redirect }).html).toContain(`href="${redirect}"`)
})

test.each([
  'javascript:alert(1)',
  'data:text/html,x',
  ' JavaScript:alert(1)',
  'file:///etc',
  'nothing',
])('never links to %j', (redirect) => {
  expect(() => render('recovery', { redirect })).toThrow()
})

describe.each(Object.keys(MAIL_LOCALES))('the mails in %s', (locale) => {
  test.each(TEMPLATES)('%s is filled in to the last placeholder', (template) => {
    const { subject, html, text } = render(template, { locale })
    expect(subject + html + text).not.toMatch(/\{\{|\}\}/)
    for (const value of Object.values(GIVEN[template])) {
      expect(text).toContain(value)
      expect(decodeHtml(html)).toContain(value)
    }
    expect(text).toContain('Ada Lovelace')
    expect(subject).toContain('Engines')
    expect(html).toContain(`<html lang="${locale === 'pt' ? 'pt' : locale}"`)
  })

  test.each(['verification', 'recovery'] as const)(
    'a code for %s says so, and nothing of signing in',
    (codeFor) => {
      const texts = MAIL_LOCALES[locale]
      const given = { ...GIVEN.otpSession, codeFor }
      const { subject, text } = renderTemplate('otpSession', locale, { ...COMMON, ...given })
      const fill = (line = '') =>
        line.replace(/\{\{\/?b\}\}/g, '').replace('{{project}}', COMMON.project)
      expect(subject).toBe(fill(texts?.codes[codeFor].subject))
      expect(text).toContain(fill(texts?.codes[codeFor].body[0]))
      expect(text).toContain(given.otp)
      expect(text).not.toContain(fill(texts?.mails.otpSession.body[0]))
      expect(text).not.toMatch(/\{\{|\}\}/)
    },
  )

  test('have every sentence that the English ones have, with the same placeholders', () => {
    const texts = MAIL_LOCALES[locale]
    const english = MAIL_LOCALES.en
    for (const name of TEMPLATES) {
      expect(outline(texts?.mails[name])).toEqual(outline(english?.mails[name]))
    }
    for (const name of ['verification', 'recovery'] as const) {
      expect(outline(texts?.codes[name])).toEqual(outline(english?.codes[name]))
    }
    for (const name of ['hello', 'helloNobody', 'signature', 'phrase', 'agent'] as const) {
      expect(placeholders(texts?.[name])).toEqual(placeholders(english?.[name]))
    }
  })
})

const placeholders = (text = '') =>
  [...text.matchAll(/\{\{(\/?\w+)\}\}/g)]
    .map(([, name]) => name)
    .filter((name) => name !== 'b' && name !== '/b' && name !== 'project')
    .sort()

/** Returns what two translations of a mail share. */
const outline = (mail: MailText | undefined) => ({
  subject: placeholders(mail?.subject),
  heading: Boolean(mail?.heading),
  button: Boolean(mail?.button),
  paragraphs: [mail?.body.length, mail?.details?.length ?? 0, mail?.footer.length],
  named: placeholders(mail?.body.join()),
  details: mail?.details?.map(placeholders) ?? [],
})

test.each([
  ['de-at', 'de', 'ltr'],
  ['pt', 'pt', 'ltr'],
  ['zh-sg', 'zh-sg', 'ltr'],
  ['ar-eg', 'ar', 'rtl'],
  ['he', 'he', 'rtl'],
  // Farsi is written from right to left, but its mails are in English.
  ['fa', 'en', 'ltr'],
  ['zh-tw', 'en', 'ltr'],
  ['constructor', 'en', 'ltr'],
])('a request in %s gets its mail in %s, %s', (locale, lang, dir) => {
  expect(render('recovery', { locale }).html).toContain(`<html lang="${lang}" dir="${dir}">`)
})

test('leaves out the sentences about what is not known', () => {
  const { html, text } = render('magicSession', { user: '', phrase: '', agentClient: '' })
  expect(text).toContain('Hello,\n')
  expect(html + text).not.toMatch(/security phrase|asked for with/)
  expect(render('magicSession').text).toMatch(
    /The security phrase is Golden fox\.[\s\S]*with Firefox on macOS/,
  )
})

test('names the project where the inviter has no name', () => {
  expect(render('invitation', { owner: '' }).text).toContain('Engines invites you')
})

test('bold is bold in HTML and nothing in text', () => {
  const { html, text } = render('mfaChallenge')
  expect(html).toContain('<strong>Engines</strong>')
  expect(text).toContain('in Engines to show')
})

describe('a template of the owner', () => {
  test('replaces subject and message, inside the common page', () => {
    const { subject, html, text } = render(
      'recovery',
      {},
      {
        ...CUSTOM,
        message:
          '<h1>{{heading}}</h1><p>Hi {{b}}{{user}}{{/b}}, <a href="{{redirect}}">reset</a></p>',
      },
    )
    expect(subject).toBe('For Ada Lovelace')
    expect(html).toContain(
      `<h1>For Ada Lovelace</h1><p>Hi <strong>Ada Lovelace</strong>, <a href="${LINK.replaceAll('&', '&amp;')}">reset</a></p>`,
    )
    expect(html).toMatch(/^<!doctype html>/)
    expect(text).toBe(`For Ada Lovelace\n\nHi Ada Lovelace, reset ${LINK}`)
  })

  test('gives its locale and direction to the page', () => {
    const { html } = render(
      'recovery',
      {},
      { ...CUSTOM, locale: 'fa', message: '<p>{{direction}}</p>' },
    )
    expect(html).toContain('<html lang="fa" dir="rtl">')
    expect(html).toContain('<p>rtl</p>')
  })

  test('keeps placeholders that nobody knows', () => {
    const message = '{{nobody}} {{__proto__}} {{constructor}} {{ user }} {user}'
    expect(render('recovery', {}, { ...CUSTOM, message }).html).toContain(message)
  })

  test.each([
    ['verification', 'subject heading user project host year team direction redirect'],
    ['recovery', 'subject heading user project host year team direction redirect'],
    [
      'magicSession',
      'subject heading user project host year team direction redirect phrase agentDevice agentClient agentOs',
    ],
    [
      'otpSession',
      'subject heading user project host year team direction otp phrase agentDevice agentClient agentOs',
    ],
    [
      'mfaChallenge',
      'subject heading user project host year direction otp agentDevice agentClient agentOs',
    ],
    ['invitation', 'subject heading user project host year direction redirect team owner'],
    ['invitation', 'hello body footer thanks buttonText signature preview'],
    [
      'sessionAlert',
      'subject heading user project host year direction device ipAddress country date time',
    ],
  ] as const)('%s may use %s', (template, names) => {
    const message = names
      .split(' ')
      .map((name) => `[{{${name}}}]`)
      .join('')
    const { html } = render(template, {}, { ...CUSTOM, message })
    const [, body = ''] = /<td class="inner"[^>]*>([\s\S]*?)<\/td>/.exec(html) ?? []
    expect(body).not.toMatch(/\{\{/)
    expect(body.match(/\[\]/g)?.length ?? 0).toBe(
      names.includes(' team') && template !== 'invitation' ? 1 : 0,
    )
  })

  test.each(HOSTILE)('escapes %j in its message', (user) => {
    const message = '<p title="{{user}}">{{user}}</p><p>{{hello}}</p>'
    const { html } = render('recovery', { user }, { ...CUSTOM, message })
    const plain = render('recovery', { user: 'x' }, { ...CUSTOM, message })
    const shape = (page: string) => tags(page).map((tag) => tag.replace(/title="[^"]*"/, 'title'))
    expect(shape(html)).toEqual(shape(plain.html))
  })

  test('leaves to the built-in text what it has not', () => {
    const { subject, text } = render('recovery', {}, { ...CUSTOM, message: '' })
    expect(subject).toBe('For Ada Lovelace')
    expect(text).toContain('reset the password')
    expect(render('recovery', {}, { ...CUSTOM, subject: '' }).subject).toBe(
      'Reset your password for Engines',
    )
  })
})

test('the subject is one line without tags, the rest of it as typed', () => {
  const { subject } = render('invitation', { team: 'R&D <b>x</b>\r\nBcc: a@b.c "q" 3<4' })
  expect(subject).toBe('Invitation to the team R&D x Bcc: a@b.c "q" 3<4 on Engines')
})

test.each(TEMPLATES)(
  'shows the built-in %s with its placeholders, which render to the same',
  (template) => {
    const { subject, message } = builtInTemplate(template, 'de')
    expect(subject).toContain('{{project}}')
    expect(message).toContain('Hallo {{user}},')
    const custom = { ...CUSTOM, locale: 'de', subject, message }
    const built = render(template, { locale: 'de' })
    const copied = render(template, { locale: 'de' }, custom)
    expect(copied.subject).toBe(built.subject)
    const body = (html: string) => /<td class="inner"[^>]*>([\s\S]*?)<\/td>/.exec(html)?.[1]
    expect(body(copied.html)).toBe(body(built.html))
  },
)

describe.each(Object.keys(MAIL_LOCALES))('the security notice in %s', (locale) => {
  const notice = (user: string, origin = {}) =>
    renderNotice(locale, NOTICE_REASONS, { ...COMMON, user, ...origin })

  test('has every reason on a line of its own, and where the change came from', () => {
    const { subject, html, text } = notice('Ada Lovelace', GIVEN.sessionAlert)
    const lines = text.split('\n')
    for (const reason of NOTICE_REASONS) {
      const line = MAIL_LOCALES[locale]?.reasons[reason]
      expect(line).toMatch(/\S/)
      expect(line).not.toMatch(/\{\{/)
      expect(lines).toContain(line)
      expect(decodeHtml(html)).toContain(line)
    }
    expect(text).toContain(GIVEN.sessionAlert.ipAddress)
    expect(text).toContain('Ada Lovelace')
    expect(subject).toContain('Engines')
    expect(subject + html + text).not.toMatch(/\{\{|\}\}/)
  })

  test('says nothing of the origin where a server made the change', () => {
    const { html, text } = notice('')
    expect(html + text).not.toMatch(/IP|\{\{|\}\}/)
  })

  test('has no reason twice', () => {
    const lines = Object.values(MAIL_LOCALES[locale]?.reasons ?? {})
    expect(new Set(lines).size).toBe(NOTICE_REASONS.length)
  })
})

test.each(HOSTILE)('the name %j adds no tag, placeholder or line to a security notice', (user) => {
  const hostile = renderNotice('en', ['mfaOff'], { ...COMMON, user })
  const plain = renderNotice('en', ['mfaOff'], { ...COMMON, user: 'plain' })
  expect(tags(hostile.html)).toEqual(tags(plain.html))
  expect(hostile.text.split('\n')).toHaveLength(plain.text.split('\n').length)
})

describe('a name that reads as an address', () => {
  const NAMES = [
    'Visit https://evil.example/x now',
    'www.evil.example',
    'evil。example',
    'mail me@evil.example',
    'javascript:alert(1)',
    'tel:+491234',
  ]
  const ADDRESS = /https?:\/\/evil|evil[.。]example|me@evil|javascript:alert|tel:\+/
  test.each(NAMES)('%j is no link in anybody’s mail', (name) => {
    const person = { user: name, team: name, owner: name }
    const custom = { ...CUSTOM, subject: '{{team}}', message: '<p>{{user}} {{team}} {{owner}}</p>' }
    for (const own of [undefined, custom]) {
      const { html, text } = render('invitation', person, own)
      const shown = html.replaceAll(/<[^>]*>/g, '')
      for (const part of [shown, text]) expect(part).not.toMatch(ADDRESS)
      expect(text.replaceAll('\u200b', '')).toContain(name)
    }
  })
  test.each(['J. R. R. Tolkien', 'Dr. Who', 'Team: Red', 'Ada', '3:2'])(
    '%j stays as it is',
    (name) => {
      expect(render('invitation', { team: name }).text).toContain(name)
    },
  )
})
