import { z } from 'zod'

/** What a phone number looks like: E.164, with 7 to 15 digits. */
const NUMBER = /^\+[1-9]\d{6,14}$/

/** Assigned country calling codes (ITU-T E.164): single ones and ranges. */
const CALLING_CODES = new Set(
  [
    '1 7 20 27 30-34 36 39-41 43-49 51-58 60-66 81 82 84 86 90-95 98 211-213 216 218 220-258',
    '260-269 290 291 297-299 350-359 370-378 380-383 385-387 389 417 420 421 423 500-509 590-599',
    '670-683 685-692 850 852 853 855 856 880 886 960-968 970-977 992-996 998',
  ]
    .flatMap((line) => line.split(' '))
    .flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, index) => String(first + index))
    }),
)

/**
 * Checks whether the text is a phone number of an existing country, with nothing to tidy up
 * (docs/contract/users.md §17).
 */
export const isPhone = (text: string): boolean =>
  NUMBER.test(text) && [3, 2, 1].some((digits) => CALLING_CODES.has(text.slice(1, 1 + digits)))

/** Accepts a phone number. */
export const phone = z
  .string()
  .refine(isPhone, 'must be a phone number: + and country code, 7 to 15 digits in all')
  .meta({
    wire: { type: 'string', pattern: NUMBER.source },
    description: 'Phone number: `+`, country code and number, 7 to 15 digits in all.',
  })
