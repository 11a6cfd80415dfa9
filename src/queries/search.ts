import { fold } from '#/lib/fold'

/** Characters of scripts that put no spaces between words: each one is a word of the index. */
const UNSPACED =
  '(?=[\\p{L}\\p{N}\\p{M}])[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\u30fc\\p{Script=Bopomofo}' +
  '\\p{Script=Yi}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}\\p{Script=Tai_Tham}' +
  '\\p{Script=Tai_Le}\\p{Script=New_Tai_Lue}\\p{Script=Tai_Viet}\\p{Script=Javanese}\\p{Script=Balinese}]'
/** Emoji and other pictures; `©` and `®` separate words, as every other sign does. */
const PICTURE = '(?![©®])[\\p{Extended_Pictographic}\\p{Regional_Indicator}]'

const EACH_UNSPACED = new RegExp(UNSPACED, 'gu')
const EACH_PICTURE = new RegExp(PICTURE, 'gu')
/** Characters without a space or another separator between them. */
const RUNS = new RegExp(`(?:[\\p{L}\\p{N}\\p{M}\\p{Co}]|${PICTURE})+`, 'gu')
/** Marks alone are no word: nothing is a prefix of everything. */
const HAS_WORD = new RegExp(`[\\p{L}\\p{N}\\p{Co}]|${UNSPACED}|${PICTURE}`, 'u')

/** Spells a picture as a word, since the tables' tokenizer takes it for a separator. U+E000 keeps it apart from text. */
const spelled = (picture: string) =>
  ` \ue000${picture.codePointAt(0)?.toString(16).padStart(6, '0')} `

/**
 * Returns a folded text as the full-text tables are to cut it (docs/search.md): at every character of scripts that put
 * no spaces between words, and at pictures.
 */
export const indexedText = (folded: string) =>
  folded.replace(EACH_UNSPACED, ' $& ').replace(EACH_PICTURE, spelled)

const quote = (words: readonly string[]) => `"${words.join(' ')}"`

const runsOf = (text: string) => (text.match(RUNS) ?? []).filter((run) => HAS_WORD.test(run))
const wordsOf = (text: string) => indexedText(text).split(' ').filter(Boolean)

/**
 * Writes a term as phrases of which any suffices: one for each run of characters, the last one also as a prefix, or a
 * single exact one.
 */
function phrasesOf(runs: readonly string[][], isExact: boolean): string[] {
  if (runs.length === 0) return []
  return isExact
    ? [quote(runs.flat())]
    : runs.map((words, index) => (index < runs.length - 1 ? quote(words) : `${quote(words)} *`))
}

/**
 * Builds an FTS5 expression from a search term: any of its words, the last one also as a prefix, or an
 * exact phrase when the term is in double quotes (docs/contract/queries.md §6).
 * @returns undefined when the term has no words, so that nothing matches
 */
export function matchExpression(term: string): string | undefined {
  const isExact = /^\s*"(.*)"\s*$/s.test(term)
  const folded = runsOf(fold(term)).map(wordsOf)
  // Rows whose folded form is not stored yet are indexed as they are (jobs/fold-texts.ts).
  const plain = runsOf(term.replace(EACH_PICTURE, ' ')).map((run) => [run])
  const same = new Set(phrasesOf(folded, isExact).map((phrase) => phrase.toLowerCase()))
  const others = phrasesOf(plain, isExact).filter((phrase) => !same.has(phrase.toLowerCase()))
  const phrases = [...phrasesOf(folded, isExact), ...others]
  return phrases.length === 0 ? undefined : `text : (${phrases.join(' OR ')})`
}
