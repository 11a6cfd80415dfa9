const DATE = /(?:^|\D)\d{4}(?:\D|$)/
const DATE_WORDS =
  /^(?:t|z|gmt|utc|am|pm|(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?|jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)$/i
const ISO = /^\d{4}-\d{2}-\d{2}T/
const ZONE = /(?:Z|[+-]\d{2}:?\d{2})$/i

/** Parses a date-time; without a zone it is UTC. @returns undefined where the text is none */
export function parseDateTime(value: string): Date | undefined {
  const words = value.match(/[a-z]+/gi) ?? []
  if (value.length > 64 || !DATE.test(value) || !words.every((word) => DATE_WORDS.test(word)))
    return
  const spaced = value.trim().replace(/^(\d{4}-\d{2}-\d{2}) (\d)/, '$1T$2')
  const zoned = ISO.test(spaced) && !ZONE.test(spaced) ? `${spaced}Z` : spaced
  const date = new Date(zoned)
  const year = date.getUTCFullYear()
  return Number.isNaN(year) || year < 0 || year > 9999 ? undefined : date
}
