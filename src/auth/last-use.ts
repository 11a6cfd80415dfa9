const REFRESH_MS = 24 * 3600 * 1000

/** Tells whether a use is to be recorded: once in 24 hours at most, so that reads do not write. */
export const isStale = (accessedAt: Date | null, now: Date) =>
  now.getTime() - (accessedAt?.getTime() ?? 0) > REFRESH_MS
