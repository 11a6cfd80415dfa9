import { DEFAULT_LOCALE, localeOf, TAGS } from '#/lib/locale'

/** Stands for a country that is not known. */
export const NO_COUNTRY = '--'

/** Returns the client's country as the platform tells it: ISO 3166-1 alpha-2 in lower case, or `--`. */
export function countryOf({ cf }: Pick<Request, 'cf'>): string {
  const country = cf?.country
  // XX: not known; T1: the Tor network.
  return typeof country === 'string' && /^[a-z]{2}$/i.test(country) && !/^xx$/i.test(country)
    ? country.toLowerCase()
    : NO_COUNTRY
}

/** The word for "unknown", by language; English stands in for the others. */
const UNKNOWN: Readonly<Record<string, string>> = {
  ar: 'غير معروف',
  bg: 'Неизвестно',
  ca: 'Desconegut',
  cs: 'Neznámé',
  da: 'Ukendt',
  de: 'Unbekannt',
  el: 'Άγνωστο',
  en: 'Unknown',
  es: 'Desconocido',
  fa: 'نامشخص',
  fi: 'Tuntematon',
  fr: 'Inconnu',
  he: 'לא ידוע',
  hi: 'अज्ञात',
  hr: 'Nepoznato',
  hu: 'Ismeretlen',
  id: 'Tidak diketahui',
  it: 'Sconosciuto',
  ja: '不明',
  ko: '알 수 없음',
  nb: 'Ukjent',
  nl: 'Onbekend',
  nn: 'Ukjend',
  no: 'Ukjent',
  pl: 'Nieznany',
  pt: 'Desconhecido',
  ro: 'Necunoscut',
  ru: 'Неизвестно',
  sk: 'Neznáme',
  sv: 'Okänt',
  th: 'ไม่ทราบ',
  tr: 'Bilinmiyor',
  ua: 'Невідомо',
  vi: 'Không xác định',
  'zh-cn': '未知',
  'zh-hk': '未知',
  'zh-sg': '未知',
  'zh-tw': '未知',
}

const unknownIn = (locale: string) =>
  UNKNOWN[locale] ?? UNKNOWN[locale.split('-', 1)[0] ?? ''] ?? 'Unknown'

const printers = new Map<string, Intl.DisplayNames>()

/** Returns the printer of a locale; languages the platform has no names for get the English ones. */
function namesIn(locale: string): Intl.DisplayNames {
  const made = printers.get(locale)
  if (made) return made
  const tags = [TAGS[locale] ?? locale, DEFAULT_LOCALE]
  const names = new Intl.DisplayNames(tags, { type: 'region', fallback: 'none' })
  printers.set(locale, names)
  return names
}

/**
 * Returns a country's name in a language, or that language's "unknown".
 * @param code ISO 3166-1 alpha-2 in any case; anything else is unknown
 * @param requested a language or a list of them; English stands in for an unknown one
 */
export function countryName(code: string, requested: string): string {
  const locale = localeOf(requested)
  const isCountry = /^[a-z]{2}$/i.test(code) && !/^zz$/i.test(code) // ZZ: CLDR's "unknown region"
  return (isCountry && namesIn(locale).of(code.toUpperCase())) || unknownIn(locale)
}
