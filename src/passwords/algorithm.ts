const MIB = 1024 * 1024

/** Names the algorithm of a stored hash, as the `hash` of a user does (users contract 15.1). */
export type HashName = 'argon2' | 'bcrypt' | 'md5' | 'phpass' | 'scrypt' | 'scryptMod' | 'sha'

/** What one check of a password takes: memory that is held at once, and CPU time. */
export type Cost = { memoryBytes: number; cpuMs: number }

/** A stored hash that could be read: what a check takes, and the check itself. */
export type ParsedHash = {
  cost: Cost
  /** Hashes the password anew and compares in time that does not depend on where the two differ. */
  matches: (password: string) => boolean
}

/** One way to hash passwords. Importing costs no work: only `matches` hashes. */
export interface Algorithm {
  /** Tells what a stored hash looks like, to follow "must be". */
  readonly form: string
  /** Reads a stored hash. @returns undefined for text or options that this algorithm cannot have made */
  parse(stored: string, options: unknown): ParsedHash | undefined
}

/**
 * Most that a check may take. Memory: half of an isolate's 128 MiB, which all its requests share, and a
 * little for working copies of blocks. CPU: a third of the 30 s a request has on the paid plan, so that a
 * slower machine and the upgrade to a new hash fit in as well. Costs are estimates, rounded up from what
 * `npm run bench:passwords` measured.
 */
export const LIMIT: Cost = { memoryBytes: 64.25 * MIB, cpuMs: 10_000 }

/** Tells whether an isolate can check such a hash. */
export const isAffordable = ({ memoryBytes, cpuMs }: Cost) =>
  memoryBytes <= LIMIT.memoryBytes && cpuMs <= LIMIT.cpuMs

/** Prints a cost for people, such as "64 MiB of memory and 10 s". */
export const printCost = ({ memoryBytes, cpuMs }: Cost) =>
  `${Math.round(memoryBytes / MIB)} MiB of memory and ${Math.round(cpuMs / 1000)} s`

/** What a check takes that is done before it can be noticed. */
export const CHEAP: Cost = { memoryBytes: 0, cpuMs: 0 }

/** Longest password that is ever hashed, in bytes (users contract 4.3). */
export const MAX_PASSWORD_BYTES = 256

/** Gives the UTF-8 bytes of a text. */
export const utf8 = (text: string) => new TextEncoder().encode(text)

/**
 * Tells whether a password has bytes to hash: up to 256, and no half of a surrogate pair, which has no UTF-8
 * form and would be hashed like any other one.
 */
export const isSound = (password: string) =>
  password.isWellFormed() && utf8(password).length <= MAX_PASSWORD_BYTES
