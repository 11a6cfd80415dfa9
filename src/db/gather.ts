import type { BatchItem } from 'drizzle-orm/batch'
import type { Database } from '#/db'

/**
 * Collects statements that run together, in one round trip and as one transaction. `add` gives a function
 * that reads the statement's rows once `run` is done; `after` has something done then.
 */
export function gather(db: Database) {
  const statements: BatchItem<'sqlite'>[] = []
  const followers: (() => void)[] = []
  let results: readonly unknown[] = []
  return {
    add<Rows>(statement: BatchItem<'sqlite'> & PromiseLike<Rows>): () => Rows {
      const index = statements.push(statement) - 1
      return () => results[index] as Rows // the batch answers in the order of its statements
    },
    after(follow: () => void) {
      followers.push(follow)
    },
    isEmpty: () => statements.length === 0,
    async run() {
      const [first, ...others] = statements
      if (first) results = await db.batch([first, ...others])
      for (const follow of followers) follow()
    },
  }
}

/** Statements that wait to be run together. */
export type Batch = ReturnType<typeof gather>
