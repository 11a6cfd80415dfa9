import { z } from 'zod'
import { ApiError } from '#/errors'
import { parseDateTime } from '#/lib/date-time'

/**
 * What a parameter is for, in the documents. It marks the schema itself: zod's `describe` copies it, at up to
 * 0.1 ms each when the Worker starts. A schema that several parameters share takes `describe`.
 */
export function described<T extends z.ZodType>(schema: T, description: string): T {
  const known = z.globalRegistry.get(schema)
  if (known?.description) throw new Error(`Described twice: ${known.description} ${description}`)
  z.globalRegistry.add(schema, { ...known, description })
  return schema
}

/** Accepts a boolean, or the text or number that SDKs send in its place; `"false"` and `"0"` are false. */
export const looseBoolean = z
  .union(
    [
      z.boolean(),
      z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1'),
      z.union([z.literal(1), z.literal(0)]).transform((bit) => bit === 1),
    ],
    'must be true or false',
  )
  .meta({ wire: { type: 'boolean', 'x-loose': true } })

const INTEGER = /^-?\d{1,16}$/

/** Accepts an integer, or text that spells one, from `min` to `max`. */
export const looseInteger = (min: number, max: number) =>
  z
    .union([z.number(), z.string().regex(INTEGER).transform(Number)], 'must be an integer')
    .pipe(z.number().int().min(min).max(max))
    .meta({ wire: { type: 'integer', minimum: min, maximum: max, 'x-loose': true } })

/** Accepts a number, or text that spells one, from `min` to `max`. */
export const looseNumber = (min: number, max: number) =>
  z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^-?(\d{1,9}(\.\d{0,15})?|\.\d{1,15})$/)
          .transform(Number),
      ],
      'must be a number',
    )
    .pipe(z.number().min(min).max(max))
    .meta({ wire: { type: 'number', minimum: min, maximum: max, 'x-loose': true } })

/** Counts characters, not UTF-16 units, as the contract does. */
export const characters = (text: string) => [...text].length

/** Accepts text of `min` to `max` characters (Unicode code points). */
export const text = (max: number, min = 1) =>
  z
    .string()
    .refine(
      (value) => characters(value) >= min && characters(value) <= max,
      `must have ${min} to ${max} characters`,
    )
    .meta({ wire: { type: 'string', minLength: min, maxLength: max } })

/** Makes a parameter optional: absent and JSON `null` both give `undefined`. */
export const optional = <T extends z.ZodType>(schema: T) =>
  schema.nullish().transform((value) => value ?? undefined)

/** Makes a parameter optional with a default, for which absent and JSON `null` both stand. */
export function withDefault<T extends z.ZodType>(schema: T, value: z.output<T>) {
  const parameter = schema.nullish().transform((given): z.output<T> => given ?? value)
  z.globalRegistry.add(parameter, { fallback: value })
  return parameter
}

const NOT_FUTURE = 'must be a date-time in the future'

/** Accepts a date-time; {@link requireFuture} compares it with the request's clock. */
export const futureDateTime = z
  .string()
  .transform((value, check) => {
    const date = parseDateTime(value)
    if (date) return date
    check.addIssue(NOT_FUTURE)
    return z.NEVER
  })
  .meta({ wire: { type: 'string', format: 'date-time', 'x-future': true } })

/**
 * Checks that a {@link futureDateTime} lies after the moment of the request.
 * @throws `general_argument_invalid`
 */
export function requireFuture(name: string, date: Date | undefined, now: Date) {
  if (date && date <= now) {
    throw new ApiError('general_argument_invalid', `Invalid \`${name}\` param: ${NOT_FUTURE}`)
  }
}

/** The three parameters of list endpoints; `queries` is compiled later, against the list's attributes. */
export const listParams = {
  queries: described(
    optional(z.array(z.string())),
    'Filters, order and page: queries as JSON text, as the `Query` class of the SDKs writes them.',
  ),
  search: described(
    optional(text(256)),
    'Words to look for in the ID and the searchable fields of the items.',
  ),
  total: described(
    withDefault(looseBoolean, true),
    'Whether to count all matches; without it `total` is 0 and the list is faster.',
  ),
}

const BRACKETED = /^([^[\]]+)\[(\d*)\]$/

/** Gathers `name[]` and `name[3]` fields into arrays under `name`, in the order of their indexes. */
export function gatherArrays(given: Record<string, unknown>): Record<string, unknown> {
  const plain = new Map<string, unknown>()
  const gathered = new Map<string, [index: number, values: unknown[]][]>()
  for (const [key, value] of Object.entries(given)) {
    const [, name, index] = BRACKETED.exec(key) ?? []
    if (name === undefined) plain.set(key, value)
    else {
      const entries = gathered.get(name) ?? []
      entries.push([Number(index || 0), Array.isArray(value) ? value : [value]])
      gathered.set(name, entries)
    }
  }
  for (const [name, entries] of gathered) {
    plain.set(
      name,
      entries.sort(([a], [b]) => a - b).flatMap(([, values]) => values),
    )
  }
  return Object.fromEntries(plain) // own properties all, `__proto__` too
}

/** Reads the fields of a query string: one without brackets that comes again replaces the one before. */
export const gatherQuery = (given: Readonly<Record<string, string | string[]>>) =>
  gatherArrays(
    Object.fromEntries(
      Object.entries(given).map(([name, value]) => [
        name,
        BRACKETED.test(name) || typeof value === 'string' ? value : value.at(-1),
      ]),
    ),
  )
