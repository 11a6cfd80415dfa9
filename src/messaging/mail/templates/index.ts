import { direction } from '#/lib/locale'
import { mailLocale } from '#/messaging/mail/locales'
import type {
  CodeUse,
  MailLocale,
  MailText,
  NoticeReason,
  TemplateName,
} from '#/messaging/mail/locales/locale'
import { layout } from './layout.ts'
import { plainText } from './plain.ts'
import {
  escapeHtml,
  fillHtml,
  fillText,
  oneLine,
  type Value,
  type Values,
  withoutLinks,
  withoutTags,
} from './substitute.ts'

/** Names what each template needs beside the common variables (docs/contract/account.md §13). */
export type TemplateVariables = {
  verification: { redirect: string }
  recovery: { redirect: string }
  magicSession: { redirect: string; phrase?: string }
  /** `codeFor` is left out where the code signs in. */
  otpSession: { otp: string; phrase?: string; codeFor?: CodeUse }
  mfaChallenge: { otp: string }
  invitation: { redirect: string; team: string; owner: string }
  sessionAlert: { device: string; ipAddress: string; country: string; date: string; time: string }
}

/** What a request was made. */
export type Agent = { agentDevice: string; agentClient: string; agentOs: string }

/** What every template may show; the built-in ones show the agent only where somebody signs in. */
export type CommonVariables = Agent & { user: string; project: string; host: string; year: string }

/** A template of the owner's own, for one locale; what is empty is as it would be without. */
export type CustomTemplate = {
  locale: string
  subject: string
  /** An HTML fragment; inserted as it is, since the owner wrote it. */
  message: string
  senderName: string
  senderEmail: string
  replyToEmail: string
  replyToName: string
}

/** A mail, ready but for its addresses. */
export type RenderedMail = { subject: string; html: string; text: string }

/** Schemes of addresses that run code or read files where they are opened. */
const UNSAFE_SCHEMES = ['javascript:', 'data:', 'vbscript:', 'file:', 'blob:', 'about:']

/** @throws Error for what is no address, or one that no mail should carry */
function safeLink(address: string): string {
  const { protocol, href } = new URL(address)
  if (UNSAFE_SCHEMES.includes(protocol)) throw new Error(`A mail cannot link to ${protocol}`)
  return href
}

/** Variables whose text the users of an app choose: it reaches somebody else's mail. */
const CHOSEN = ['user', 'team', 'owner']

/** Cleans what people typed, to one line each; without an inviter's name the project is the sender. */
function cleaned(given: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const values: Record<string, string> = { team: '', phrase: '' }
  for (const [name, value] of Object.entries(given)) values[name] = oneLine(value ?? '')
  if (given.redirect !== undefined) values.redirect = safeLink(given.redirect)
  if (values.owner === '') values.owner = values.project ?? ''
  return values
}

/** Keeps what people chose from becoming links, in texts where mail programs look for them. */
const unlinked = (values: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      CHOSEN.includes(name) && value !== values.project ? withoutLinks(value) : value,
    ]),
  )

const LINK = '{{redirect}}'

type Part = {
  kind: 'heading' | 'text' | 'small' | 'details' | 'code' | 'button'
  lines: readonly string[]
}

/** Lays out a built-in mail; sentences about what is not known are left out. */
function partsOf(texts: MailLocale, mail: MailText, knows: (name: string) => boolean): Part[] {
  const paragraphs = (lines: readonly string[], kind: Part['kind'] = 'text'): Part[] =>
    lines.map((line) => ({ kind, lines: [line] }))
  return [
    ...paragraphs(['{{heading}}'], 'heading'),
    ...paragraphs([knows('user') ? texts.hello : texts.helloNobody, ...mail.body]),
    ...(mail.details ? [{ kind: 'details' as const, lines: mail.details }] : []),
    ...(knows('otp') ? paragraphs(['{{otp}}'], 'code') : []),
    ...(mail.button ? paragraphs([mail.button], 'button') : []),
    ...(knows('phrase') ? paragraphs([texts.phrase]) : []),
    ...paragraphs(mail.footer),
    ...(knows('agentClient') && knows('agentOs') ? paragraphs([texts.agent], 'small') : []),
    { kind: 'text', lines: [texts.thanks, texts.signature] },
    ...(mail.button ? [{ kind: 'small' as const, lines: [texts.fallback, LINK] }] : []),
  ]
}

/** Returns a part as HTML with placeholders. */
function partAsHtml({ kind, lines }: Part): string {
  const text = lines
    .map((line) => (line === LINK ? `<bdi dir="ltr">${LINK}</bdi>` : escapeHtml(line)))
    .join('<br>\n')
  switch (kind) {
    case 'heading':
      return `<h1>${text}</h1>`
    case 'text':
    case 'details':
      return `<p>${text}</p>`
    case 'small':
      return `<p class="small">${text}</p>`
    case 'code':
      return `<p class="code" dir="ltr">${text}</p>`
    case 'button':
      return `<p><a class="button" href="{{redirect}}" target="_blank" rel="noopener noreferrer">${text}</a></p>`
  }
}

/** Returns a mail as plain text with placeholders; the link stands on a line of its own, once. */
const partsAsText = (parts: readonly Part[]) =>
  parts
    .filter(({ lines }) => !lines.includes(LINK))
    .map(({ kind, lines }) =>
      kind === 'button' ? `${lines.join(' ')}:\n${LINK}` : lines.join('\n'),
    )
    .join('\n\n')

/** Names the variables whose sentence a built-in mail leaves out where they are empty. */
const OPTIONAL: Readonly<Record<TemplateName, readonly string[]>> = {
  verification: ['user'],
  recovery: ['user'],
  magicSession: ['user', 'phrase', 'agentClient', 'agentOs'],
  otpSession: ['user', 'otp', 'phrase', 'agentClient', 'agentOs'],
  mfaChallenge: ['user', 'otp', 'agentClient', 'agentOs'],
  invitation: ['user'],
  sessionAlert: ['user'],
}

/** Returns a built-in template as its owner may edit it: subject and HTML fragment, not filled in. */
export function builtInTemplate(template: TemplateName, locale: string) {
  const { texts } = mailLocale(locale)
  const mail = texts.mails[template]
  const parts = partsOf(texts, mail, (name) => OPTIONAL[template].includes(name))
  return { subject: mail.subject, message: parts.map(partAsHtml).join('\n') }
}

/** Returns the sentences of a built-in mail, which an own template may place by name (docs/contract/teams.md §4.3). */
function pieces(texts: MailLocale, mail: MailText, values: Values): Record<string, Value> {
  const fill = (lines: readonly string[]): Value => ({
    html: lines.map((line) => fillHtml(escapeHtml(line), values)).join('<br>\n'),
  })
  return {
    hello: fill([values.user ? texts.hello : texts.helloNobody]),
    body: fill(mail.body),
    footer: fill(mail.footer),
    thanks: fill([texts.thanks]),
    buttonText: fill([mail.button ?? '']),
    signature: fill([texts.signature]),
    preview: fill([mail.preview]),
  }
}

/** Returns the text of a mail; that of a code goes by what it opens. */
const textOf = (texts: MailLocale, template: TemplateName, codeFor: string | undefined) =>
  codeFor === 'verification' || codeFor === 'recovery'
    ? texts.codes[codeFor]
    : texts.mails[template]

/** Fills a text that is shown as one line, not as HTML (docs/contract/project.md §10). */
const fillLine = (text: string, values: Values) => oneLine(withoutTags(fillText(text, values)))

/** What a mail's text is filled with, and the frame around it. */
function prepare(
  code: string,
  mail: Pick<MailText, 'subject' | 'heading' | 'preview'>,
  given: Readonly<Record<string, string | undefined>>,
  custom?: CustomTemplate,
) {
  const language = custom?.locale ?? code
  const typed = cleaned(given)
  const base: Record<string, Value> = { ...unlinked(typed), direction: direction(language) }
  const line = custom?.subject || mail.subject
  const subject = fillLine(line, base)
  const heading = mail.heading ? fillLine(mail.heading, base) : subject
  const values = { ...base, subject, heading }
  const frame = {
    language,
    direction: direction(language),
    title: subject,
    subject: fillLine(line, { ...typed, direction: direction(language) }), // no program makes links of it
    preview: fillLine(mail.preview, values),
    footer: fillLine('{{project}} · {{host}}', values),
  }
  return { values, frame }
}

/** Renders a built-in text. @param optional variables whose sentence is left out where they are empty */
function renderBuiltIn(
  texts: MailLocale,
  mail: MailText,
  { values, frame }: ReturnType<typeof prepare>,
  optional: readonly string[],
): RenderedMail {
  const given: Values = values
  const parts = partsOf(texts, mail, (name) => optional.includes(name) && Boolean(given[name]))
  const message = fillHtml(parts.map(partAsHtml).join('\n'), values)
  return {
    subject: frame.subject,
    html: layout({ ...frame, message }),
    text: `${fillText(partsAsText(parts), values)}\n`,
  }
}

/**
 * Renders a mail. Values are cleaned of control characters and escaped in HTML; no value is searched for
 * placeholders.
 * @param locale a language or a list of them
 * @param custom replaces subject and message; its locale gives the direction
 * @throws Error when `redirect` is no address, or one that runs code
 */
export function renderTemplate<Name extends TemplateName>(
  template: Name,
  locale: string,
  variables: CommonVariables & TemplateVariables[Name],
  custom?: CustomTemplate,
): RenderedMail {
  const { code, texts } = mailLocale(locale)
  const given: Readonly<Record<string, string | undefined>> = variables
  const mail = textOf(texts, template, given.codeFor)
  const prepared = prepare(code, mail, given, custom)
  if (!custom?.message) return renderBuiltIn(texts, mail, prepared, OPTIONAL[template])
  const { values, frame } = prepared
  const message = fillHtml(custom.message, { ...values, ...pieces(texts, mail, values) })
  const html = layout({ ...frame, preview: '', message })
  return { subject: frame.subject, html, text: plainText(message) }
}

/** Where a change came from; left out where a server made it. */
export type NoticeOrigin = TemplateVariables['sessionAlert']

/**
 * Renders a security notice: what has changed, line by line, and where that came from.
 * @param locale a language or a list of them
 */
export function renderNotice(
  locale: string,
  reasons: readonly NoticeReason[],
  variables: CommonVariables & Partial<NoticeOrigin>,
): RenderedMail {
  const { code, texts } = mailLocale(locale)
  const { details = [], footer } = texts.mails.sessionAlert
  const lines = reasons.map((reason) => texts.reasons[reason])
  const mail = {
    ...texts.notice,
    details: variables.ipAddress === undefined ? lines : [...lines, ...details],
    footer,
  }
  return renderBuiltIn(texts, mail, prepare(code, mail, variables), ['user'])
}
