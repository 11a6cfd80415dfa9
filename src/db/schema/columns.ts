import { customType, integer, text } from 'drizzle-orm/sqlite-core'
import { parseFreeForm } from '#/lib/json'

/** Gives the key that orders rows by creation; it is never used again after a delete. */
export const sequence = () => integer().primaryKey({ autoIncrement: true })

/** Gives a point in time, stored as epoch milliseconds. */
export const instant = () => integer({ mode: 'timestamp_ms' })

export const flag = () => integer({ mode: 'boolean' })

/** Gives a list of strings, stored as a JSON array. */
export const strings = () => text({ mode: 'json' }).$type<string[]>()

/** Gives a value stored as JSON. */
export const json = <T>() => text({ mode: 'json' }).$type<T>()

/** Returns a JSON object that a client is free in; its numbers keep their digits. */
export const freeForm = customType<{ data: Record<string, unknown>; driverData: string }>({
  dataType: () => 'text',
  toDriver: (value) => JSON.stringify(value),
  fromDriver: (stored) => parseFreeForm(stored) as Record<string, unknown>, // written by toDriver
})

export const timestamps = {
  createdAt: instant().notNull(),
  updatedAt: instant().notNull(),
}
