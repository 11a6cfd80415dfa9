import type { BatchItem } from 'drizzle-orm/batch'
import type { Database } from '#/db'

/**
 * Collects statements that run together, in one round trip and as one transaction. `add` gives a function
 * that reads the statement's rows once `run` is done.
 */
export function gather(db: Database) {
  const statements: BatchItem<'sqlite'>[] = []
  let results: readonly unknown[] = []
  return {
    add<Rows>(statement: BatchItem<'sqlite'> & PromiseLike<Rows>): () => Rows {
      const index = statements.push(statement) - 1
      return () => results[index] as Rows // the batch answers in the order of its statements
    },
    isEmpty: () => statements.length === 0,
    async run() {
      const [first, ...others] = statements
      if (first) results = await db.batch([first, ...others])
    },
  }
}

/** Statements that wait to be run together. */
export type Batch = ReturnType<typeof gather>
