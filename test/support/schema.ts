import type { Json } from '#test/support/world'

const TYPES: Record<string, (value: Json) => boolean> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isSafeInteger(value),
  number: (value) => typeof value === 'number',
  null: (value) => value === null,
  array: (value) => Array.isArray(value),
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
}

/** Keywords that this reads, and those that only tell a reader something. */
const KNOWN = new Set([
  ...['$ref', 'type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', 'discriminator', 'properties'],
  ...['required', 'additionalProperties', 'propertyNames', 'items', 'maxItems', 'minItems'],
  ...['pattern', 'minimum', 'maximum', 'format', 'minLength', 'maxLength', 'default', 'title'],
  ...['description', 'id', 'examples'],
])

/**
 * Compares a value with a schema of an OpenAPI document.
 * @returns what does not fit, each with its place
 */
export function misfits(document: Json, schema: Json, value: Json, at = '$'): string[] {
  const unknown = Object.keys(schema).filter((word) => !KNOWN.has(word) && !word.startsWith('x-'))
  if (unknown.length > 0) throw new Error(`The schema at ${at} has ${unknown}.`)
  if (schema.$ref) return misfits(document, referred(document, schema.$ref), value, at)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return misfitsOfAll(document, choices, value, at)
  const types: string[] = [schema.type ?? []].flat()
  if (types.length > 0 && !types.some((type) => TYPES[type]?.(value))) {
    return [`${at} is ${JSON.stringify(value)}, and no ${types.join(' or ')}`]
  }
  if (TYPES.array?.(value)) return misfitsOfList(document, schema, value, at)
  if (TYPES.object?.(value)) return misfitsOfObject(document, schema, value, at)
  return fits(schema, value) ? [] : [`${at} is ${JSON.stringify(value)}`]
}

const referred = (document: Json, reference: string): Json =>
  reference
    .slice(2)
    .split('/')
    .reduce((inner: Json, key) => inner[key], document)

/** Returns what does not fit the choice that fits best. */
function misfitsOfAll(document: Json, choices: Json[], value: Json, at: string): string[] {
  const found = choices.map((choice) => misfits(document, choice, value, at))
  return found.toSorted((a, b) => a.length - b.length)[0] ?? []
}

function misfitsOfList(document: Json, schema: Json, value: Json[], at: string): string[] {
  const tooMany = value.length > (schema.maxItems ?? Number.POSITIVE_INFINITY)
  const items = schema.items
    ? value.flatMap((item, index) => misfits(document, schema.items, item, `${at}[${index}]`))
    : []
  return [...(tooMany ? [`${at} has ${value.length} items`] : []), ...items]
}

function misfitsOfObject(document: Json, schema: Json, value: Json, at: string): string[] {
  const { properties = {}, required = [], additionalProperties: more = true } = schema
  const missing = required.filter((name: string) => !Object.hasOwn(value, name))
  return [
    ...missing.map((name: string) => `${at}.${name} is missing`),
    ...Object.entries<Json>(value).flatMap(([name, inner]) => {
      const known = Object.hasOwn(properties, name) ? properties[name] : more
      if (known === false) return [`${at}.${name} is one too many`]
      return known === true ? [] : misfits(document, known, inner, `${at}.${name}`)
    }),
  ]
}

/** Checks a single value: which words and texts it may be. */
const fits = ({ enum: words, const: only, pattern, format, minimum, maximum }: Json, value: Json) =>
  (words?.includes(value) ?? true) &&
  (only === undefined || only === value) &&
  (pattern === undefined || typeof value !== 'string' || new RegExp(pattern, 'u').test(value)) &&
  (format !== 'date-time' || !Number.isNaN(Date.parse(value))) &&
  (minimum === undefined || value >= minimum) &&
  (maximum === undefined || value <= maximum)
