import { and, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Database } from '#/db'
import { type EmailTemplate, emailTemplates } from '#/db/schema'
import { ApiError } from '#/errors'
import { model } from '#/http/model'
import { characters } from '#/http/params'
import { TEMPLATES } from '#/messaging/mail/locales/locale'

/** What all templates of a project may have together, in characters (docs/contract/project.md §10). */
const MOST_CHARACTERS = 1_000_000

const templateId = z.enum(TEMPLATES)

/** docs/contract/project.md §10. */
export const emailTemplateModel = model(
  'emailTemplate',
  {
    templateId,
    locale: z.string(),
    message: z.string(),
    senderName: z.string(),
    senderEmail: z.string(),
    replyToEmail: z.string(),
    replyToName: z.string(),
    subject: z.string(),
  },
  (row: EmailTemplate) => ({
    templateId: templateId.parse(row.templateId),
    locale: row.locale,
    message: row.message,
    senderName: row.senderName,
    senderEmail: row.senderEmail,
    replyToEmail: row.replyToEmail,
    replyToName: row.replyToName,
    subject: row.subject,
  }),
)

/** The texts of a template. */
export type Texts = Omit<EmailTemplate, 'templateId' | 'locale'>

/** The texts of a template of which nothing is set. */
export const NO_TEXTS: Texts = {
  subject: '',
  message: '',
  senderName: '',
  senderEmail: '',
  replyToName: '',
  replyToEmail: '',
}

const which = (template: string, locale: string) =>
  and(eq(emailTemplates.templateId, template), eq(emailTemplates.locale, locale))

/** Builds the statement that loads the owner's template. */
export const templateRows = (db: Database, template: string, locale: string) =>
  db.select().from(emailTemplates).where(which(template, locale))

/** Builds the statement that counts the characters of all templates but one. */
export const othersHold = (db: Database, template: string, locale: string) =>
  db
    .select({
      held: sql<number>`coalesce(sum(length(subject) + length(message) + length(sender_name)
        + length(sender_email) + length(reply_to_name) + length(reply_to_email)), 0)`,
    })
    .from(emailTemplates)
    .where(sql`not (${which(template, locale)})`)

const sizeOf = (texts: Texts) =>
  Object.keys(NO_TEXTS).reduce((sum, name) => sum + characters(texts[name as keyof Texts]), 0)

/**
 * Merges a change with what is stored (docs/contract/project.md §10).
 * @param given those left undefined stay as they are
 * @param othersHold characters of all other templates
 * @returns the template as it is then, and what of it was given
 * @throws `general_argument_invalid` without a subject or a message, or when it is too much in all
 */
export function mergeTemplate(
  id: Pick<EmailTemplate, 'templateId' | 'locale'>,
  stored: EmailTemplate | undefined,
  given: { [K in keyof Texts]?: Texts[K] | undefined },
  othersHold: number,
) {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined)
  const changed: Partial<Texts> = Object.fromEntries(entries)
  const row: EmailTemplate = { ...NO_TEXTS, ...stored, ...changed, ...id }
  const missing = (['subject', 'message'] as const).find((name) => row[name] === '')
  if (missing) {
    throw new ApiError('general_argument_invalid', `A new template needs a ${missing}.`)
  }
  if (sizeOf(row) + othersHold > MOST_CHARACTERS) {
    throw new ApiError(
      'general_argument_invalid',
      `All templates together may have ${MOST_CHARACTERS} characters.`,
    )
  }
  return { row, changed }
}

/** Checks whether a change of a template changes anything. */
export const isChange = (stored: EmailTemplate | undefined, changed: Partial<Texts>) =>
  stored === undefined ||
  Object.entries(changed).some(([name, value]) => stored[name as keyof Texts] !== value)
