import type { Bindings, Env } from '#/config/env'
import { requestContext } from '#/lib/request-context'

type Meta = { meta?: { rows_read?: number } }

function countTrip() {
  const context = requestContext()
  if (context) context.trips++
}

function countRows(results: readonly Meta[]) {
  const context = requestContext()
  if (!context) return
  for (const { meta } of results) context.rowsRead += meta?.rows_read ?? 0
}

/** The statements behind the metered ones: a batch takes no others. */
const statements = new WeakMap<object, D1PreparedStatement>()

function meterStatement(statement: D1PreparedStatement): D1PreparedStatement {
  const trip = <T>(result: Promise<T>): Promise<T> => {
    countTrip()
    return result
  }
  const counted = async <T extends Meta>(result: Promise<T>) => {
    countTrip()
    const known = await result
    countRows([known])
    return known
  }
  const metered = {
    bind: (...values: unknown[]) => meterStatement(statement.bind(...values)),
    all: () => counted(statement.all()),
    run: () => counted(statement.run()),
    raw: (options?: { columnNames?: false }) => trip(statement.raw(options)),
    first: (column?: string) =>
      trip(column === undefined ? statement.first() : statement.first(column)),
  } as D1PreparedStatement // its overloads, which differ in types alone
  statements.set(metered, statement)
  return metered
}

const meterQueries = (d1: Pick<D1Database, 'prepare' | 'batch'>) => ({
  prepare: (query: string) => meterStatement(d1.prepare(query)),
  async batch<T>(list: D1PreparedStatement[]) {
    countTrip()
    const results = await d1.batch<T>(list.map((one) => statements.get(one) ?? one))
    countRows(results)
    return results
  },
})

const meterDatabase = (d1: D1Database): D1Database => ({
  ...meterQueries(d1),
  exec: (query) => d1.exec(query),
  dump: () => d1.dump(),
  withSession(constraint) {
    const session = d1.withSession(constraint)
    return { ...meterQueries(session), getBookmark: () => session.getBookmark() }
  },
})

/** Counts every call on a bucket or on an upload in parts. */
const meterBlobs = <T extends object>(blobs: T): T =>
  new Proxy(blobs, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...values: unknown[]) => {
        const context = requestContext()
        if (context) context.blobOperations++
        const result: unknown = Reflect.apply(member, target, values)
        if (name === 'resumeMultipartUpload') return meterBlobs(result as R2MultipartUpload)
        if (name !== 'createMultipartUpload') return result
        return (result as Promise<R2MultipartUpload>).then(meterBlobs)
      }
    },
  })

type Metered = Pick<Bindings, 'DB' | 'BLOBS'> & { env: Env }
const known = new WeakMap<Env, Metered>()

/** Returns the bindings with D1 and R2 counted to the request that uses them, the same ones for a whole isolate. */
export function meteredBindings(env: Env): Env {
  const { DB, BLOBS } = env
  const before = known.get(env)
  if (before?.DB === DB && before.BLOBS === BLOBS) return before.env
  const metered = { ...env, DB: meterDatabase(DB), BLOBS: meterBlobs(BLOBS) }
  known.set(env, { DB, BLOBS, env: metered })
  return metered
}
