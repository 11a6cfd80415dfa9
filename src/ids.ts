import { z } from 'zod'
import { randomHex } from '#/lib/secrets'

/** Matches every stored ID: docs/contract/storage.md §1.5. */
export const ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,35}$/

/** Makes an ID of 20 lower-case hex characters, roughly sortable by time (docs/contract/storage.md §1.5). */
export const uniqueId = (now: Date) =>
  (now.getTime() * 1000).toString(16).padStart(13, '0').slice(-13) + randomHex(7)

export const isId = (value: string) => ID_PATTERN.test(value)

const WIRE = { type: 'string', minLength: 1, maxLength: 36 }

/** Accepts an existing ID, as in paths. */
export const uid = z
  .string()
  .regex(ID_PATTERN, 'must be 1 to 36 of A-Z a-z 0-9 . _ - and start with a letter or digit')
  .meta({ wire: { ...WIRE, pattern: ID_PATTERN.source } })

/** Accepts an ID for a new resource, or `unique()` to have one made. */
export const customId = z
  .union([z.literal('unique()'), uid], 'must be unique() or an ID of 1 to 36 of A-Z a-z 0-9 . _ -')
  .meta({ wire: { ...WIRE, pattern: `^unique\\(\\)$|${ID_PATTERN.source}` } })

/** Accepts an existing ID, described by what it names, such as `file`. */
export const uidOf = (noun: string) => uid.describe(`ID of the ${noun}.`)

/** Accepts an ID for a new resource, described by what that is, such as `file`. */
export const customIdOf = (noun: string) =>
  customId.describe(`ID of the new ${noun}, or \`unique()\` for one that is made.`)

/** Returns the ID that the caller asked for, or a new one for `unique()`. */
export const idFor = (asked: string, now: Date) => (asked === 'unique()' ? uniqueId(now) : asked)
