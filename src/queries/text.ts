import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { fold, lowerAscii } from '#/lib/fold'
import type { Operands } from '#/queries/operands'

type TextKind = 'prefix' | 'suffix' | 'substring' | 'sameText'

/** Compares a folded text with one folded operand. LIKE would do, but D1 takes patterns of at most 50 bytes. */
const COMPARED: Record<TextKind, (text: SQLWrapper, value: SQL) => SQL> = {
  prefix: (text, value) => sql`substr(${text}, 1, length(${value})) = ${value}`,
  suffix: (text, value) => sql`substr(${text}, -length(${value})) = ${value}`, // an empty one is no case of this
  substring: (text, value) => sql`instr(${text}, ${value}) > 0`,
  sameText: (text, value) => sql`${text} = ${value}`,
}

/**
 * Compiles a comparison of texts without regard to case and diacritics (docs/search.md). A row without text matches
 * neither it nor its negation.
 * @param text the folded text; it is only in ASCII lower case where the folded form is not stored yet, so each value
 * is looked for in both forms
 */
export function compileText(
  kind: TextKind,
  values: readonly string[],
  negated: boolean,
  text: SQLWrapper,
  operands: Operands,
): SQL {
  const wanted = [...new Set(values.flatMap((value) => [fold(value), lowerAscii(value)]))]
  if (kind !== 'sameText' && wanted.includes('')) {
    return sql`(${text} is not null and ${sql.raw(negated ? '0' : '1')})`
  }
  const [first, ...others] = wanted
  const not = sql.raw(negated ? 'not ' : '')
  if (first !== undefined && others.length === 0) {
    return sql`${not}(${COMPARED[kind](text, operands.one(first))})`
  }
  const found = sql`select 1 from ${operands.each(wanted)} where ${COMPARED[kind](text, sql`value`)}`
  return sql`(${text} is not null and ${not}exists (${found}))`
}
