import type { Env, Settings } from '#/config/env'
import type { Database } from '#/db'

/**
 * What a request carries from stage to stage. Each module declares the variables whose types are its own, by
 * `declare module '#/http/context'`, so that this one imports nothing from above.
 */
export interface Variables {
  settings: Settings
  db: Database
  /** The request's only clock reading. */
  now: Date
  /** False for the reserved project `console`, which has no data here. */
  hasProject: boolean
}

/** Hono's environment of every handler and middleware. */
export type AppEnv = { Bindings: Env; Variables: Variables }
