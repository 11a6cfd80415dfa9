/** Rows compared, as in libmagic. */
const ROWS = 10

/**
 * Returns whether the text is a table: two rows or more, all with the same number of commas outside
 * of quotes, at least one (docs/contract/storage.md §5.4). The last row of a text that goes on is left out.
 */
export function isCsv(text: string, cut: boolean): boolean {
  if (!text.includes(',')) return false
  const rows = countCommas(cut ? text : `${text.trimEnd()}\n`)
  const first = rows[0] ?? 0
  return rows.length > 1 && first > 0 && rows.every((commas) => commas === first)
}

/** Counts the commas of each of the first rows that end. */
function countCommas(text: string): number[] {
  const rows: number[] = []
  let commas = 0
  let isQuoted = false
  for (let at = 0; at < text.length && rows.length < ROWS; at += 1) {
    const character = text[at]
    if (character === '"') isQuoted = !isQuoted
    else if (isQuoted) continue
    else if (character === ',') commas += 1
    else if (character === '\n') {
      rows.push(commas)
      commas = 0
    }
  }
  return rows
}
