const MIB = 1024 * 1024

/** Names the algorithm of a stored hash, as the `hash` of a user does (docs/contract/users.md §15.1). */
export type HashName = 'argon2' | 'bcrypt' | 'md5' | 'phpass' | 'scrypt' | 'scryptMod' | 'sha'

/** What one check of a password takes: memory that is held at once, and CPU time. */
export type Cost = { memoryBytes: number; cpuMs: number }

/** A stored hash that could be read: what a check takes, and the check itself. */
export type ParsedHash = {
  cost: Cost
  /** Hashes the password anew and compares in time that does not depend on where the two differ. */
  matches: (password: string) => Promise<boolean>
}

/** One way to hash passwords. Importing costs no work: only `matches` hashes, and yields to other requests on the way. */
export interface Algorithm {
  /** Returns what a stored hash looks like, to follow "must be". */
  readonly form: string
  /** Reads a stored hash. @returns undefined for text or options that this algorithm cannot have made */
  parse(stored: string, options: unknown): ParsedHash | undefined
}

/**
 * What one check of an imported hash may take. Memory: half of an isolate's 128 MiB, which all its requests
 * share, and a little for working copies of blocks. CPU: enough for what is common (Argon2 in 64 MiB with 4
 * passes, bcrypt 13, Django's PBKDF2) twice over. Costs are estimates, rounded up from what
 * `npm run bench:passwords` measured.
 */
export const IMPORT_BUDGET: Cost = { memoryBytes: 64.25 * MIB, cpuMs: 3000 }

/**
 * What one check of a stored hash may take: a third of the 30 s of CPU that a request has on the paid plan.
 * Hashes that were imported under an earlier, wider budget still open.
 */
const CHECK_LIMIT: Cost = { ...IMPORT_BUDGET, cpuMs: 10_000 }

const isWithin = (budget: Cost, { memoryBytes, cpuMs }: Cost) =>
  memoryBytes <= budget.memoryBytes && cpuMs <= budget.cpuMs

/** Checks whether a hash may be imported. */
export const isImportable = (cost: Cost) => isWithin(IMPORT_BUDGET, cost)

/** Checks whether an isolate can check such a hash. */
export const isAffordable = (cost: Cost) => isWithin(CHECK_LIMIT, cost)

/** Prints a cost for people, such as "64 MiB of memory and 10 s". */
export const printCost = ({ memoryBytes, cpuMs }: Cost) =>
  `${Math.round(memoryBytes / MIB)} MiB of memory and ${Math.round(cpuMs / 1000)} s`

/** What a check takes that is done before it can be noticed. */
export const CHEAP: Cost = { memoryBytes: 0, cpuMs: 0 }

/** Longest password that is ever hashed, in bytes (docs/contract/users.md §4.3). */
export const MAX_PASSWORD_BYTES = 256

/** Returns the UTF-8 bytes of a text. */
export const utf8 = (text: string) => new TextEncoder().encode(text)

/**
 * Checks whether a password has bytes to hash: up to 256, and no half of a surrogate pair, which has no UTF-8
 * form and would be hashed like any other one.
 */
export const isSound = (password: string) =>
  password.isWellFormed() && utf8(password).length <= MAX_PASSWORD_BYTES
