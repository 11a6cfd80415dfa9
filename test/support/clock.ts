import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** The default clock of a test's Worker, ISO 8601. */
    clock: string
  }
}

/**
 * The moment at which every test's Worker runs unless the test passes a clock of its own. It stands still.
 * `TEST_CLOCK` moves it for a whole run, so derive every other moment of a test from it.
 */
export const NOW = new Date(inject('clock'))

export const MINUTE = 60
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
export const YEAR = 365 * DAY

/** Returns the moment `seconds` after `start`; a negative number lies before it. */
export const after = (seconds: number, start = NOW) => new Date(start.getTime() + seconds * 1000)

/** Returns midnight UTC at the beginning of a day. */
export const dayOf = (moment: Date) => new Date(`${moment.toISOString().slice(0, 10)}T00:00:00Z`)

/** Returns a moment in whole seconds, as JWTs hold it. */
export const epochSeconds = (moment = NOW) => Math.floor(moment.getTime() / 1000)

/** Prints a moment as answers do. */
export const wire = (moment: Date) => moment.toISOString().replace('Z', '+00:00')

/** {@link NOW} as answers print it. */
export const TIME = wire(NOW)

/** Reads the machine's clock, by which a served Worker (test/sdk, test/browser) and the database itself go. */
export const realClock = () => new Date()
