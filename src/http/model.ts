import { z } from 'zod'
import { olderThan } from '#/http/response-format'

/** Who looks at a model, and in which format and language. */
export type View = {
  /** True for API keys: they see what is hidden from users. */
  privileged: boolean
  /** `X-Appwrite-Response-Format` as sent. */
  format: string | undefined
  locale: string
}

/** How a row looks on the wire: the JSON shape for documents, and the mapping for answers. */
export type Model<Row, Schema extends z.ZodType = z.ZodType> = {
  /** '' for a choice of models, which has no name of its own. */
  name: string
  schema: Schema
  /** What a choice of models chooses from. */
  variants?: readonly Model<Row>[]
  wire: (row: Row, view: View) => Record<string, unknown>
}

/** Prints a point in time as the API does (docs/contract/storage.md §1.6). */
export const printTime = (date: Date) => date.toISOString().replace('Z', '+00:00')

/** A time that is always there. */
export const time = z.string().meta({
  wire: {
    type: 'string',
    format: 'date-time',
    pattern: String.raw`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}\+00:00$`,
  },
})

/** A time that is '' while unset. */
export const optionalTime = z.string().meta({
  wire: {
    type: 'string',
    pattern: String.raw`^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}\+00:00)?$`,
  },
})

/** Prints a point in time that may be unset. */
export const printOptionalTime = (date: Date | null | undefined) => (date ? printTime(date) : '')

/**
 * Joins a shape and a mapping.
 * @param since fields that clients made for an older format do not get, by the version that brought them
 */
export const model = <Row, Shape extends z.ZodRawShape>(
  name: string,
  shape: Shape,
  wire: (row: Row, view: View) => { [K in keyof Shape]: z.output<Shape[K]> },
  since: { readonly [K in keyof Shape]?: string } = {},
): Model<Row, z.ZodObject<Shape>> => ({
  name,
  schema: z.strictObject(shape),
  wire: (row, view) =>
    Object.fromEntries(
      Object.entries(wire(row, view)).filter(
        ([key]) => !olderThan(view.format, since[key] ?? OLDEST),
      ),
    ),
})

/** No client is older: its fields are always there. */
const OLDEST = '0.0.0'

/** Returns a model's shape with its name, so that documents refer to it. */
const named = ({ name, schema }: Pick<Model<never>, 'name' | 'schema'>) =>
  name === '' ? schema : schema.meta({ id: name })

/**
 * Joins models of which each row has one.
 * @param field whose value tells the models apart
 * @param choose gives the model of a row
 */
export function choiceModel<Row>(
  field: string,
  [first, ...others]: readonly Model<Row, z.ZodObject>[],
  choose: (row: Row) => Model<Row>,
): Model<Row> {
  if (!first) throw new Error('There is nothing to choose from.')
  const shape = ({ name, schema }: Model<Row, z.ZodObject>) => schema.meta({ id: name })
  return {
    name: '',
    schema: z.discriminatedUnion(field, [shape(first), ...others.map(shape)]),
    variants: [first, ...others],
    wire: (row, view) => choose(row).wire(row, view),
  }
}

/** Holds a page of rows and how many there are in all. */
export type Page<Row> = { total: number; rows: readonly Row[] }

/** Wraps a model as a list: `{ total, [key]: rows }`. */
export const listModel = <Row>(name: string, key: string, item: Model<Row>): Model<Page<Row>> => ({
  name,
  schema: z.strictObject({
    total: z.int().min(0),
    [key]: z.array(named(item)),
  }),
  wire: ({ total, rows }, view) => ({ total, [key]: rows.map((row) => item.wire(row, view)) }),
})
