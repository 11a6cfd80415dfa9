/**
 * Marks that a reader takes for the letter without them: combining diacritics (Latin, Greek, Cyrillic), Hebrew points
 * and accents, Arabic and Syriac vowels and hamza. Every other mark stays, since it tells words apart: vowel signs and
 * viramas of Indic scripts, Thai and Lao vowels and tones, the voicing of Kana.
 */
const STRIPPED =
  /(?=\p{M})(?!\p{Script_Extensions=Devanagari}|\u3099|\u309a)[\p{Script=Inherited}\p{Script=Cyrillic}\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}]|\u0640/gu

/** The one diacritic that makes another letter of its base (Unicode Collation Algorithm: a primary difference). */
const SHORT_I = /\u0438\u0306/g

/** Letters with a stroke and joined letters, which NFKD leaves whole. */
const LETTERS: Readonly<Record<string, string>> = {
  đ: 'd',
  ð: 'd',
  ħ: 'h',
  ı: 'i',
  ł: 'l',
  ø: 'o',
  æ: 'ae',
  œ: 'oe',
  ς: 'σ',
}
const LETTER = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'g')

/** What is invisible: joiners, soft hyphens, variation selectors, marks of direction. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu

/** Characters that separate the parts of a stored text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
const RESERVED = /[\0\u0001]/g

/** Folds the case in full: `ß` and `ẞ` to `ss`. Upper case first: lower case alone keeps `ß`. */
const foldCase = (text: string) => text.toLowerCase().toUpperCase().toLowerCase()

const foldAll = (text: string) =>
  foldCase(text.normalize('NFKD'))
    .normalize('NFKD')
    .replace(IGNORABLE, '')
    .replace(SHORT_I, '\u0439')
    .replace(STRIPPED, '')
    .replace(LETTER, (letter) => LETTERS[letter] ?? letter)
    .replace(RESERVED, ' ')
    .normalize('NFC')

const ASCII = /^[ -~]*$/

/**
 * Folds text as search and sorting compare it (docs/search.md): NFKD, marks stripped where the script allows, full
 * case folding, then NFC. It decides what is found, never who somebody is.
 * @returns text without U+0000 and U+0001; it is empty only if the text is, so that nothing is part of everything
 */
export function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase()
  return foldAll(text) || text.replace(RESERVED, ' ').normalize('NFKC')
}

/** Lowers ASCII letters alone, as SQLite's `lower` does. */
export const lowerAscii = (text: string) =>
  text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())

/** Checks whether SQLite's `lower` folds a text as {@link fold} does. */
export const isAscii = (text: string) => ASCII.test(text)
