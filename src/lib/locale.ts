/** Lists the locale codes that templates may have (docs/contract/auth.md §14, docs/contract/project.md §10). */
export const LOCALES: readonly string[] = [
  'af ar-ae ar-bh ar-dz ar-eg ar-iq ar-jo ar-kw ar-lb ar-ly ar-ma ar-om ar-qa ar-sa ar-sy ar-tn ar-ye',
  'as az be bg bh bn bs ca cs cy da de de-at de-ch de-li de-lu',
  'el en en-au en-bz en-ca en-gb en-ie en-jm en-nz en-tt en-us en-za eo',
  'es es-ar es-bo es-cl es-co es-cr es-do es-ec es-gt es-hn es-mx es-ni es-pa es-pe es-pr es-py es-sv',
  'es-uy es-ve et eu fa fi fo fr fr-be fr-ca fr-ch fr-lu ga gd he hi hr hu id is it it-ch ja ji ko ku',
  'lt lv mk ml ms mt nb ne nl nl-be nn no pa pl pt pt-br rm ro ro-md ru ru-md sb sk sl sq sr sv sv-fi',
  'th tn tr ts ua ur ve vi xh zh-cn zh-hk zh-sg zh-tw zu',
].flatMap((line) => line.split(' '))

/** Names the locale of a request that asks for none, or for none that is there. */
export const DEFAULT_LOCALE = 'en'

const known = new Set(LOCALES)

/** Checks whether templates may have a locale code. */
export const isLocale = (code: string): boolean => known.has(code)

const RIGHT_TO_LEFT = new Set(['ar', 'fa', 'he', 'ji', 'ur'])

/** Returns in which direction the language of a locale is written. */
export const direction = (locale: string): 'ltr' | 'rtl' =>
  RIGHT_TO_LEFT.has(locale.split('-', 1)[0] ?? '') ? 'rtl' : 'ltr'

/** Standard tags of the locale codes that are none (BCP 47). */
export const TAGS: Readonly<Record<string, string>> = { bh: 'bho', ji: 'yi', sb: 'hsb', ua: 'uk' }
const CODES = Object.fromEntries(Object.entries(TAGS).map(([code, tag]) => [tag, code]))

/** Languages that whoever asks for another one reads as well: the two forms of Norwegian, and their common name. */
const KIN: Readonly<Record<string, readonly string[]>> = {
  nb: ['no'],
  no: ['nb'],
  nn: ['no', 'nb'],
}

/** Bounds what is read of a list; browsers send a handful. */
const MAX_LIST = 500
const MAX_RANGES = 10

/** Parses a list of languages, the best first (RFC 9110 §12.5.4). A language alone is a list of one. */
function parseRanges(list: string): string[] {
  return list
    .slice(0, MAX_LIST)
    .split(',', MAX_RANGES)
    .map((entry) => {
      const [range = '', ...parameters] = entry.split(';').map((part) => part.trim())
      const weight = parameters.find((parameter) => /^q=/i.test(parameter))?.slice('q='.length)
      return { range, weight: weight === undefined ? 1 : Number(weight) }
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .map(({ range }) => range)
}

/** Parses a language as devices write it: `de_DE.UTF-8` is `de-DE`. */
function parseLocale(range: string): Intl.Locale | undefined {
  try {
    return new Intl.Locale(range.replace(/[.@].*$/, '').replaceAll('_', '-'))
  } catch {
    return // no language tag
  }
}

/** Returns the code of what is likely meant by a language, as long as that is written alike: `zh-cn` for `zh-Hans`. */
function likelyCode(language: string, script: string | undefined): string[] {
  const { region } = new Intl.Locale(script ? `${language}-${script}` : language).maximize()
  if (!region) return []
  const code = `${language}-${region}`
  return new Intl.Locale(code).maximize().script === script ? [code.toLowerCase()] : []
}

/** Returns the codes that suit a language, the closest first: region and script fall away, from the end (RFC 4647 §3.4). */
function codesFor(range: string): string[] {
  const code = range.toLowerCase()
  const locale = parseLocale(range)
  if (!locale) return isLocale(code) ? [code] : []
  const tag = new Intl.Locale(locale.baseName)
  const { language, script, region } = tag.maximize()
  const parts = tag.baseName.toLowerCase().split('-')
  const shorter = parts.map((_, index) => parts.slice(0, parts.length - index).join('-'))
  const inRegion = region ? `${language}-${region}`.toLowerCase() : ''
  const isAlike = inRegion !== '' && new Intl.Locale(inRegion).maximize().script === script
  return [
    ...(isLocale(code) ? [code] : []), // also where the standard has another name for it
    ...shorter.slice(0, -1),
    ...(tag.region && isAlike ? [inRegion] : []),
    ...shorter.slice(-1),
    ...(CODES[language] ? [CODES[language]] : []),
    ...likelyCode(language, script),
    ...(KIN[language] ?? []),
  ]
}

const lists = new Map<string, readonly string[]>()
const MAX_LISTS = 500

/**
 * Returns the locale codes that suit a language or a list of languages, in lower case, the best first.
 * @param requested as headers and devices write it: `de-DE`, `de_DE`, `zh-Hans`, `fr-FR,fr;q=0.9`, `*`
 */
export function localeCodes(requested: string): readonly string[] {
  const read = lists.get(requested)
  if (read) return read
  const codes = [...new Set(parseRanges(requested).flatMap(codesFor))]
  if (lists.size >= MAX_LISTS) lists.clear()
  if (requested.length <= MAX_LIST) lists.set(requested, codes)
  return codes
}

/**
 * Chooses among what is there for a language or a list of languages: the one place where languages are negotiated.
 * @param requested as {@link localeCodes} reads it
 * @returns undefined where nothing suits
 */
export const chooseLocale = (requested: string, has: (code: string) => boolean) =>
  localeCodes(requested).find(has)

/** Returns the locale code that suits best; the default where none does. */
export const localeOf = (requested: string | undefined): string =>
  chooseLocale(requested ?? '', isLocale) ?? DEFAULT_LOCALE
