/**
 * Words as the full-text tables cut them: letters, digits and marks, which are vowels in many scripts. Marks alone
 * are none: without its diacritics nothing of such a word may be left, and nothing is a prefix of everything.
 */
const WORDS = /\p{M}*[\p{L}\p{N}\p{Co}][\p{L}\p{N}\p{M}\p{Co}]*/gu

const quote = (word: string) => `"${word}"`

/**
 * Builds an FTS5 expression from a search term: any of its words, the last one also as a prefix, or an
 * exact phrase when the term is in double quotes (queries contract 6).
 * @returns undefined when the term has no words, so that nothing matches
 */
export function matchExpression(term: string): string | undefined {
  const words = term.match(WORDS) ?? []
  if (words.length === 0) return
  const phrase = /^\s*"(.*)"\s*$/s.test(term)
  const text = phrase ? quote(words.join(' ')) : `${words.map(quote).join(' OR ')} *`
  return `text : (${text})`
}
