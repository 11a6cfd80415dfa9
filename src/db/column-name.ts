import type { Column } from 'drizzle-orm'

/** Returns a column's name in the database, where the schema gives it none of its own. */
export const columnName = ({ name }: Pick<Column, 'name'>) =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
