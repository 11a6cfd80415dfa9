/** What of a deployment's settings is looked at; a setting that is not set is undefined. */
type Given = {
  /** Names of everything that is set as text. */
  names: readonly string[]
  /** Names of all settings. */
  known: readonly string[]
  /** Entries of `PLATFORMS` that no origin can match. */
  deadPlatforms: readonly string[]
  hasMailer: boolean
}

/** What a setting says something about, without which it says nothing. */
const NEEDED: Readonly<Record<string, string>> = { SMS_FROM: 'SMS_URL', SMS_HEADERS: 'SMS_URL' }

/** How many letters a name may be away from that of a setting to be taken for it. */
const MAX_TYPOS = 2

/** Counts the letters to add, drop or replace that lie between two words. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [at, letter] of [...a].entries()) {
    const next = [at + 1]
    for (const [index, other] of [...b].entries()) {
      const [left = 0, above = 0, diagonal = 0] = [next[index], row[index + 1], row[index]]
      next.push(Math.min(left + 1, above + 1, diagonal + (letter === other ? 0 : 1)))
    }
    row = next
  }
  return row.at(-1) ?? 0
}

/** Returns the setting that a name was probably meant to be. */
const meantBy = (name: string, known: readonly string[]) =>
  known.find((one) => distance(name.toUpperCase(), one) <= MAX_TYPOS)

/**
 * Which settings cannot take effect: a name with a slip in it, what needs another setting, platforms that no
 * origin matches. The server works without them, so that it says so and goes on.
 */
export function settingsFaults({ names, known, deadPlatforms, hasMailer }: Given): string[] {
  const unknown = names.filter((name) => !known.includes(name))
  return [
    ...unknown.flatMap((name) => {
      const meant = meantBy(name, known)
      return meant ? [`${name} is no setting and does nothing. ${meant} is.`] : []
    }),
    ...Object.entries(NEEDED)
      .filter(([name, needed]) => names.includes(name) && !names.includes(needed))
      .map(([name, needed]) => `${name} does nothing without ${needed}.`),
    ...(hasMailer && !names.includes('MAIL_FROM')
      ? ['The binding EMAIL does nothing without MAIL_FROM.']
      : []),
    ...deadPlatforms.map((entry) => `PLATFORMS has ${entry}, which no origin can match.`),
  ]
}
