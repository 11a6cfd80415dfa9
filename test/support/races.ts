import type { Answer, Json, World } from '#test/support/world'

/** Runs something many times at once. */
export const times = <T>(count: number, run: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => run(index)))

/** Counts answers by status and type. */
export function tally(answers: readonly Answer[]) {
  const counts: Record<string, number> = {}
  for (const { status, body } of answers) {
    const name = `${status} ${body?.type ?? ''}`.trim()
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

/**
 * Holds every batch with such a statement back until there are as many of them, or until `open` is called, so
 * that all have looked before the first one writes.
 * @returns `held` counts them; `first` is there once one is; after `pass` those that follow are not held
 */
export function hold(w: World, statement: RegExp, count = Number.POSITIVE_INFINITY) {
  const db = w.env.DB
  const [prepare, batch] = [db.prepare, db.batch]
  const marks = new WeakSet<object>()
  const mark = (prepared: D1PreparedStatement): D1PreparedStatement => {
    const marked = { ...prepared, bind: (...values: Json[]) => mark(prepared.bind(...values)) }
    marks.add(marked)
    return marked as D1PreparedStatement // the world's statements are plain objects of functions
  }
  db.prepare = (query) => (statement.test(query) ? mark(prepare(query)) : prepare(query))
  const gate = Promise.withResolvers<void>()
  const first = Promise.withResolvers<void>()
  let held = 0
  let passes = false
  db.batch = async (statements) => {
    if (!passes && statements.some((one) => marks.has(one))) {
      held++
      first.resolve()
      if (held === count) gate.resolve()
      await gate.promise
    }
    return batch(statements)
  }
  const pass = () => {
    passes = true
  }
  return { held: () => held, first: first.promise, open: gate.resolve, pass }
}
