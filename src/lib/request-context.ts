import { AsyncLocalStorage } from 'node:async_hooks'

/** How the log is written: JSON for machines, plain for people, or `off`: plain, without the line of each request. */
export type LogFormat = 'json' | 'pretty' | 'off'

/** The request, job or message in whose course code runs, and what it has cost so far. */
export type RequestContext = {
  id: string
  format: LogFormat
  /** Round trips to D1. */
  trips: number
  /** Rows read, as far as D1 reports them: of batches and of statements that return whole rows. */
  rowsRead: number
  /** Operations on R2. */
  blobOperations: number
}

const contexts = new AsyncLocalStorage<RequestContext>()

/** Returns the context of the code that runs; undefined outside of requests and jobs. */
export const requestContext = () => contexts.getStore()

/** Runs `work`, and whatever it leads to, in a context of its own. */
export const withRequestContext = <T>(
  { id, format }: Pick<RequestContext, 'id' | 'format'>,
  work: (context: RequestContext) => T,
): T => {
  const context: RequestContext = { id, format, trips: 0, rowsRead: 0, blobOperations: 0 }
  return contexts.run(context, () => work(context))
}
