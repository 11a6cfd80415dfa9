import type { Bindings, Env } from '#/config/env'
import { requestContext } from '#/lib/request-context'

/** What is told of the use of a database. */
export type Meter = {
  trip: () => void
  /** Rows that a statement read, where D1 reports it. */
  rows: (count: number) => void
}

/** Counts to the request in whose course the database is used. */
const REQUEST_METER: Meter = {
  trip() {
    const context = requestContext()
    if (context) context.trips++
  },
  rows(count) {
    const context = requestContext()
    if (context) context.rowsRead += count
  },
}

type Reported = { meta?: { rows_read?: number } }

/** Names the statement behind a metered one: a batch takes no other. Copies of a statement keep it. */
const INNER = Symbol('inner')
const innerOf = (statement: D1PreparedStatement & { [INNER]?: D1PreparedStatement }) =>
  statement[INNER] ?? statement

function meterStatement(statement: D1PreparedStatement, meter: Meter): D1PreparedStatement {
  const trip = <T>(result: Promise<T>): Promise<T> => {
    meter.trip()
    return result
  }
  const counted = async <T extends Reported>(result: Promise<T>) => {
    meter.trip()
    const known = await result
    meter.rows(known.meta?.rows_read ?? 0)
    return known
  }
  const metered = {
    bind: (...values: unknown[]) => meterStatement(statement.bind(...values), meter),
    all: () => counted(statement.all()),
    run: () => counted(statement.run()),
    raw: (options?: { columnNames?: false }) => trip(statement.raw(options)),
    first: (column?: string) =>
      trip(column === undefined ? statement.first() : statement.first(column)),
  } as D1PreparedStatement // its overloads, which differ in types alone
  return Object.assign(metered, { [INNER]: statement })
}

const meterQueries = (d1: Pick<D1Database, 'prepare' | 'batch'>, meter: Meter) => ({
  prepare: (query: string) => meterStatement(d1.prepare(query), meter),
  async batch<T>(list: D1PreparedStatement[]) {
    meter.trip()
    const results = await d1.batch<T>(list.map(innerOf))
    for (const { meta } of results) meter.rows(meta.rows_read ?? 0)
    return results
  },
})

/** Returns a database whose round trips and rows read are told to a meter. */
export const meterDatabase = (d1: D1Database, meter: Meter): D1Database => ({
  ...meterQueries(d1, meter),
  exec: (query) => d1.exec(query),
  dump: () => d1.dump(),
  withSession(constraint) {
    const session = d1.withSession(constraint)
    return { ...meterQueries(session, meter), getBookmark: () => session.getBookmark() }
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
  const metered = { ...env, DB: meterDatabase(DB, REQUEST_METER), BLOBS: meterBlobs(BLOBS) }
  known.set(env, { DB, BLOBS, env: metered })
  return metered
}
