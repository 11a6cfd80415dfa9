import { z } from 'zod'

/** Says how a row looks on the wire: the JSON shape for documents, and the mapping for answers. */
export type Model<Row> = {
  name: string
  schema: z.ZodObject
  wire: (row: Row) => Record<string, unknown>
}

/** Prints a point in time as the API does (storage contract 1.6). */
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

export const model = <Row, Shape extends z.ZodRawShape>(
  name: string,
  shape: Shape,
  wire: (row: Row) => { [K in keyof Shape]: z.output<Shape[K]> },
): Model<Row> => ({ name, schema: z.strictObject(shape), wire })

/** Holds a page of rows and how many there are in all. */
export type Page<Row> = { total: number; rows: readonly Row[] }

/** Wraps a model as a list: `{ total, [key]: rows }`. */
export const listModel = <Row>(name: string, key: string, item: Model<Row>): Model<Page<Row>> => ({
  name,
  schema: z.strictObject({
    total: z.int().min(0),
    [key]: z.array(item.schema.meta({ id: item.name })),
  }),
  wire: ({ total, rows }) => ({ total, [key]: rows.map(item.wire) }),
})
