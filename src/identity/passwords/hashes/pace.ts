/** Units of work between two yields: blocks of a KiB mixed by Argon2 or scrypt, some 10 ms of CPU in all. */
const UNITS_A_SLICE = 2048

let units = 0

/** Ends the present task, so that events of other requests run before what follows. */
const nextTask = () => new Promise<void>((resolve) => setTimeout(resolve, 0))

const AT_ONCE = Promise.resolve()

/**
 * Counts work, and yields to other requests whenever a slice of it is done. The clock cannot decide that: it
 * stands still while a deployed Worker computes.
 * @param count in units of a KiB that Argon2 or scrypt mixes
 */
export function countWork(count: number): Promise<void> {
  units += count
  if (units < UNITS_A_SLICE) return AT_ONCE
  units = 0
  return nextTask()
}

/**
 * Makes the asynchronous KDFs of noble count their work: with `asyncTick: 0` they call `scheduler.yield`, which
 * workerd lacks, after each block. Without it they would end the task after every one.
 */
const scheduler: { yield?: () => Promise<void> } = Reflect.get(globalThis, 'scheduler') ?? {}
scheduler.yield ??= () => countWork(1)
Reflect.set(globalThis, 'scheduler', scheduler)
