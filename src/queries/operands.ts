import { sql } from 'drizzle-orm'
import type { Operand } from '#/queries/parse'

/** Names the common table that holds all operands, since D1 binds at most 100 values to a statement. */
export const OPERANDS = 'operands'

/** Collects operands, and returns for each an expression that reads it back. */
export function operandList() {
  const values: unknown[] = []
  const path = (value: unknown) => `$[${values.push(value) - 1}]`
  return {
    values,
    one: (value: Operand) =>
      sql`json_extract((select v from operands), ${sql.raw(`'${path(value)}'`)})`,
    each: (list: readonly Operand[]) =>
      sql`json_each((select v from operands), ${sql.raw(`'${path(list)}'`)})`,
  }
}
export type Operands = ReturnType<typeof operandList>
