import { z } from 'zod'
import { listParams } from '#/http/params'
import { plainText } from '#/identity/params'
import { email } from '#/lib/contact/email'
import { parseDateTime } from '#/lib/date-time'
import { isOriginHost } from '#/lib/platform-entries'
import { canonicalHost } from '#/lib/url'

/** What every route of this service answers on the reserved project (docs/contract/project.md §1.3). */
export const onConsole = 'general_access_forbidden'

/** Accepts `true` and `false` alone, as all switches of this service do (docs/contract/project.md §1.4). */
export const strict = z.boolean('must be true or false')

/** The parameters of lists without a search. */
export const pageParams = { queries: listParams.queries, total: listParams.total }

/** Accepts text of 1 to `max` characters of which at least one can be seen (docs/contract/project.md §1.4). */
export const visibleText = (max: number) =>
  plainText(max)
    .refine((value) => /[^\s\p{Z}\p{C}]/u.test(value), 'must have a character that can be seen')
    .meta({ wire: { type: 'string', minLength: 1, maxLength: max } })

const HOSTNAME = /^[^/:]+$/
const LONGEST_HOSTNAME = 253

const hostnameThat = (fits: (value: string) => boolean, problem: string) =>
  plainText(LONGEST_HOSTNAME)
    .refine((value) => HOSTNAME.test(value) && fits(value.trim()), problem)
    .meta({
      wire: { type: 'string', minLength: 1, maxLength: LONGEST_HOSTNAME, pattern: HOSTNAME.source },
    })

/** Accepts a host name: no scheme, no port, nothing that a URL cannot have as its host. */
export const hostname = hostnameThat(
  (value) => canonicalHost(value) !== undefined && !value.includes('*'),
  'must be a host name without scheme and port',
)

/**
 * Accepts a host name as it is compared with origins, `*` alone or at its start standing for any beginning
 * (docs/contract/project.md §5.1). Differs: upstream takes what no origin can match.
 */
export const originHost = hostnameThat(
  (value) => /^\*?$/.test(value) || isOriginHost(value),
  'must be a host name without scheme and port; * stands at the start alone',
)

/** Accepts '' beside what a schema accepts; '' clears a setting. */
export const orEmpty = (schema: z.ZodType<string, string>) =>
  z.union([z.literal(''), schema]).meta({ wire: { type: 'string' } })

export const emailOrEmpty = orEmpty(email)

/** Accepts a date-time, also a past one. */
export const dateTime = z
  .string()
  .transform((value, check) => {
    const date = parseDateTime(value)
    if (date) return date
    check.addIssue('must be a date-time')
    return z.NEVER
  })
  .meta({ wire: { type: 'string' } })
