import { z } from 'zod'
import { parseUrl } from '#/lib/url'

/**
 * Accepts where a link or a redirect leads, as parsed: what is checked later is what is sent. That it is a client
 * of the project is checked with the project's platforms.
 */
export const url = z
  .string()
  .transform((text, check) => {
    const parsed = parseUrl(text)
    if (parsed) return parsed.href
    check.addIssue('must be a URL')
    return z.NEVER
  })
  .meta({
    wire: { type: 'string', format: 'uri' },
    description: 'URL that the link leads to, on one of the platforms of the project.',
  })
