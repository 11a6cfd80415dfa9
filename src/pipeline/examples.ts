/** A JSON Schema as `openApi` prints it. */
type Schema = Readonly<Record<string, unknown>>
type Fields = Readonly<Record<string, Schema>>

const MOMENT = '2026-11-24T21:39:31.457+00:00'

/** Holds values for fields of these names, where their schemas leave the choice. */
const SAMPLES: Readonly<Record<string, string | readonly string[]>> = {
  $id: '6a14c2f0b3d95e7a8c41',
  $permissions: ['read("any")'],
  applicationId: 'com.example.app',
  bundleIdentifier: 'com.example.app',
  email: 'ann@example.com',
  emails: ['ann@example.com'],
  events: ['users.*.create'],
  host: 'smtp.example.com',
  hostname: 'app.example.com',
  ip: '203.0.113.7',
  labels: ['vip'],
  name: 'Example',
  number: '+14155550123',
  password: 'violet-anchor-42',
  packageIdentifierName: 'com.example.app',
  packageName: 'com.example.app',
  permissions: ['read("any")'],
  phone: '+14155550123',
  roles: ['owner'],
  url: 'https://example.com/welcome',
  userEmail: 'ann@example.com',
  userName: 'Ann',
}

const kindOf = ({ type }: Schema) => [type].flat().find((one) => one !== 'null')

/** Returns a text that meets a schema. @param name of the field, which stands for a text of no known form */
function exampleText(name: string, { format, pattern = '', minLength, maxLength }: Schema): string {
  const form = `${pattern}`
  if (format === 'email' || name.endsWith('Email')) return 'ann@example.com'
  if (format === 'uri' || name.endsWith('URL')) return 'https://example.com'
  if (format === 'date-time' || form.includes(String.raw`T\d{2}`)) return MOMENT
  if (form.startsWith(String.raw`^unique\(`)) return 'unique()'
  if (form.includes('{6}$')) return '123456'
  if (/Id$/.test(name)) return name.slice(0, -2)
  if (minLength === undefined && maxLength === undefined) return ''
  return name.slice(0, Number(maxLength ?? name.length)).padEnd(Number(minLength ?? 0), '.')
}

/** Returns a number that meets a schema: the least, but for what has no bound or may be 0. */
const exampleNumber = ({ minimum = 0 }: Schema) => Math.max(Number(minimum), 0)

/** Returns the value that a schema itself names, or that fields of its name have; undefined for none. */
function namedValue(name: string, schema: Schema): unknown {
  const { examples, default: fallback, enum: choices } = schema
  if (Array.isArray(examples)) return examples[0]
  if (schema.const !== undefined) return schema.const
  if (fallback !== undefined) return fallback
  if (Array.isArray(choices)) return choices.find((one) => one !== '')
  const sample = SAMPLES[name]
  return kindOf(schema) === (Array.isArray(sample) ? 'array' : 'string') ? sample : undefined
}

/** Returns the first of what a schema leaves the choice between, or the model that it refers to. */
function standIn({ $ref, oneOf, anyOf, type }: Schema, models: Fields): Schema | undefined {
  if (typeof $ref === 'string') return models[$ref.slice($ref.lastIndexOf('/') + 1)]
  const [first] = [oneOf ?? anyOf ?? []].flat()
  return typeof first === 'object' && first !== null
    ? { ...(type ? { type } : {}), ...first }
    : undefined
}

/** Returns a list of one item, or of none where nothing is known of the items or none may be there. */
function exampleItems({ items, maxItems }: Schema, models: Fields): unknown[] {
  const item = items && maxItems !== 0 ? exampleOf('', items as Schema, models) : ''
  return item === '' ? [] : [item]
}

/**
 * Returns an example of a value, as its schema allows.
 * @param name of the field @param models by name, for references
 */
export function exampleOf(name: string, schema: Schema, models: Fields): unknown {
  const named = namedValue(name, schema)
  if (named !== undefined) return named
  const other = standIn(schema, models)
  if (other) return exampleOf(name, other, models)
  const { properties = {} } = schema
  switch (kindOf(schema)) {
    case 'boolean':
      return true
    case 'integer':
    case 'number':
      return exampleNumber(schema)
    case 'array':
      return exampleItems(schema, models)
    case 'object':
      return exampleFields(Object.entries(properties as Fields), models)
    default:
      return exampleText(name, schema)
  }
}

const exampleFields = (fields: readonly (readonly [string, Schema])[], models: Fields) =>
  Object.fromEntries(fields.map(([name, schema]) => [name, exampleOf(name, schema, models)]))

/** Returns an example of a body: what it must hold, or else all that it may. */
export function exampleBody(properties: Fields, required: readonly string[]): unknown {
  const fields = Object.entries(properties)
  const needed = fields.filter(([name]) => required.includes(name))
  return exampleFields(needed.length > 0 ? needed : fields, {})
}
