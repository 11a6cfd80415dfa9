import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { emailTemplates } from '#/db/schema'
import { ApiError } from '#/errors'
import { listModel } from '#/http/model'
import { described, optional, withDefault } from '#/http/params'
import { plainText } from '#/identity/params'
import { DEFAULT_LOCALE, isLocale, LOCALES } from '#/lib/locale'
import { TEMPLATES } from '#/messaging/mail/locales/locale'
import { builtInTemplate } from '#/messaging/mail/templates'
import { emailOrEmpty, onConsole, pageParams } from '#/pipeline/fields'
import { route } from '#/pipeline/route'
import { projectOf } from '#/project/settings'
import { sliceOf } from '#/services/project/short-list'
import { stampProject } from '#/services/project/store'
import {
  emailTemplateModel,
  isChange,
  mergeTemplate,
  NO_TEXTS,
  othersHold,
  templateRows,
} from '#/services/project/templates'

const PATH = '/v1/project/templates/email'

const LONGEST_MESSAGE = 10_485_760
const LONGEST_LINE = 255

/** Accepts a locale in any case. */
const locale = described(
  withDefault(
    z
      .string()
      .transform((code) => code.toLowerCase())
      .refine((code) => isLocale(code), 'must be a locale code')
      .meta({ wire: { type: 'string', enum: LOCALES, 'x-case-insensitive': true } }),
    DEFAULT_LOCALE,
  ),
  'Language of the template, in any letter case.',
)

const templateId = described(z.enum(TEMPLATES), 'Kind of mail.')

export const listEmailTemplates = route(
  {
    name: 'project.listEmailTemplates',
    summary: 'List mail templates',
    description:
      'Lists the mail templates that the project has set. API keys only. Built-in ' +
      'texts are left out.',
    method: 'get',
    path: PATH,
    scopes: ['templates.read'],
    onConsole,
    input: { query: z.object(pageParams) },
    status: 200,
    model: listModel('emailTemplateList', 'templates', emailTemplateModel),
    errors: ['general_query_invalid'],
  },
  async (c, params) => {
    const { db } = c.var
    const { limit, offset } = sliceOf(c, params)
    const [rows, [counted]] = await db.batch([
      db.select().from(emailTemplates).orderBy(sql`rowid`).limit(limit).offset(offset),
      db.select({ total: sql<number>`count(*)` }).from(emailTemplates),
    ])
    return { total: params.total ? (counted?.total ?? 0) : 0, rows }
  },
)

export const getEmailTemplate = route(
  {
    name: 'project.getEmailTemplate',
    summary: 'Get a mail template',
    description:
      'Returns the template of the project, or else the built-in text with its ' +
      'placeholders. API keys only.',
    method: 'get',
    path: `${PATH}/:templateId`,
    scopes: ['templates.read'],
    onConsole,
    input: { param: z.object({ templateId }), query: z.object({ locale }) },
    status: 200,
    model: emailTemplateModel,
    errors: [],
  },
  async (c, { templateId, locale }) => {
    const [stored] = await templateRows(c.var.db, templateId, locale)
    return stored ?? { ...NO_TEXTS, ...builtInTemplate(templateId, locale), templateId, locale }
  },
)

export const updateEmailTemplate = route(
  {
    name: 'project.updateEmailTemplate',
    summary: 'Change a mail template',
    description:
      'Sets a template for a kind of mail and a language; what is left out stays. API ' +
      'keys only. The mail server of the project must be on.',
    method: 'patch',
    path: PATH,
    scopes: ['templates.write'],
    event: 'templates.[templateId].update',
    onConsole,
    input: {
      body: z.object({
        templateId,
        locale,
        subject: described(
          optional(plainText(LONGEST_LINE)),
          'Subject, in which `{{name}}` stands for a value.',
        ),
        message: described(
          optional(plainText(LONGEST_MESSAGE)),
          'HTML of the message, in which `{{name}}` stands for a value.',
        ),
        senderName: described(
          optional(plainText(LONGEST_LINE, 0)),
          'Name that such mails come from.',
        ),
        senderEmail: described(optional(emailOrEmpty), 'Address that such mails come from.'),
        replyToEmail: described(optional(emailOrEmpty), 'Address that answers go to.'),
        replyToName: described(optional(plainText(LONGEST_LINE, 0)), 'Name that answers go to.'),
      }),
    },
    status: 200,
    model: emailTemplateModel,
    errors: ['general_argument_invalid'],
  },
  async (c, { templateId, locale, ...given }) => {
    const { db, now } = c.var
    const { smtp } = await projectOf(c)
    if (!smtp.enabled) {
      throw new ApiError('general_argument_invalid', 'Templates need SMTP: enable it first.')
    }
    const [[stored], [others]] = await db.batch([
      templateRows(db, templateId, locale),
      othersHold(db, templateId, locale),
    ])
    const { row, changed } = mergeTemplate({ templateId, locale }, stored, given, others?.held ?? 0)
    const [[result]] = await db.batch([
      db
        .insert(emailTemplates)
        .values(row)
        .onConflictDoUpdate({
          target: [emailTemplates.templateId, emailTemplates.locale],
          // Only what was sent: what others send meanwhile stays.
          set: { templateId, ...changed },
        })
        .returning(),
      stampProject(db, now, isChange(stored, changed) ? undefined : sql`0`),
    ])
    if (!result) throw new Error('An upsert gave no row.')
    return result
  },
)
