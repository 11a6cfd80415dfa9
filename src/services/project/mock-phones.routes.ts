import { count, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { insertIf } from '#/db/insert-if'
import { mockNumbers, users } from '#/db/schema'
import { touched } from '#/db/touch'
import { ApiError } from '#/errors'
import { isPhone, phone } from '#/lib/contact/phone'
import { onConsole, pageParams } from '#/pipeline/fields'
import { requireScope } from '#/pipeline/gates'
import { route } from '#/pipeline/route'
import { mockNumberListModel, mockNumberModel } from '#/services/project/models'
import { sliceOf } from '#/services/project/short-list'

const PATH = '/v1/project/mock-phones'
const MOST_NUMBERS = 5000

const otp = z
  .string()
  .regex(/^[0-9]{6}$/, 'must be 6 digits')
  .meta({
    wire: { type: 'string', pattern: '^[0-9]{6}$' },
    description: 'Code of six digits that signs in.',
  })

/** Accepts a number in a path: also without its `+`, or with a space for it (docs/contract/project.md §11). */
const byNumber = z.object({
  number: z
    .string()
    .transform((given) => `+${given.replace(/^[+ ]/, '')}`)
    .refine(isPhone, 'must be a phone number')
    .meta(phone.meta() ?? {}),
})

export const listMockPhones = route(
  {
    name: 'project.listMockPhones',
    summary: 'List mock phone numbers',
    description: 'Lists the phone numbers that have a fixed code. API keys only.',
    method: 'get',
    path: PATH,
    scopes: ['mocks.read'],
    onConsole,
    input: { query: z.object(pageParams) },
    status: 200,
    model: mockNumberListModel,
    errors: ['general_query_invalid'],
  },
  async (c, params) => {
    const { db } = c.var
    const { limit, offset } = sliceOf(c, params)
    const [rows, [counted]] = await db.batch([
      db.select().from(mockNumbers).orderBy(mockNumbers.sequence).limit(limit).offset(offset),
      db.select({ total: count() }).from(mockNumbers),
    ])
    return { total: params.total ? (counted?.total ?? 0) : 0, rows }
  },
)

export const createMockPhone = route(
  {
    name: 'project.createMockPhone',
    summary: 'Give a phone number a fixed code',
    description:
      'Makes a phone number for tests: its code is fixed, and no text message is ' +
      'sent. API keys only, with the scope `users.write` besides if a user has the ' +
      'number.',
    method: 'post',
    path: PATH,
    scopes: ['mocks.write'],
    event: 'mock-phones.[number].create',
    onConsole,
    input: { body: z.object({ number: phone, otp }) },
    status: 201,
    model: mockNumberModel,
    errors: ['mock_number_already_exists', 'mock_number_limit_exceeded'],
  },
  async (c, { number, otp }) => {
    const { db, now, caller } = c.var
    const same = sql`exists (select 1 from ${mockNumbers} where ${mockNumbers.number} = ${number})`
    const room = sql`(select count(*) from ${mockNumbers}) < ${MOST_NUMBERS}`
    const row = { number, otp, createdAt: now, updatedAt: now }
    const isHeld = sql`exists (select 1 from ${users} where ${users.phone} = ${number})`
    const mayTake = caller.scopes.has('users.write') ? sql`1` : sql`not ${isHeld}`
    const [[counted], [held], [stored]] = await db.batch([
      db.select({ total: count() }).from(mockNumbers),
      db.select({ id: users.id }).from(users).where(eq(users.phone, number)),
      insertIf(db, mockNumbers, row, sql`${room} and not ${same} and ${mayTake}`),
    ])
    if (stored) return stored
    // Differs: whoever makes a mock of somebody's number can sign in as them.
    if (held) requireScope(c, 'users.write')
    const isFull = (counted?.total ?? 0) >= MOST_NUMBERS
    throw new ApiError(isFull ? 'mock_number_limit_exceeded' : 'mock_number_already_exists')
  },
)

export const getMockPhone = route(
  {
    name: 'project.getMockPhone',
    summary: "Get a phone number's fixed code",
    description: 'Returns a phone number for tests with its code. API keys only.',
    method: 'get',
    path: `${PATH}/:number`,
    scopes: ['mocks.read'],
    onConsole,
    input: { param: byNumber },
    status: 200,
    model: mockNumberModel,
    errors: ['mock_number_not_found'],
  },
  async (c, { number }) => {
    const [row] = await c.var.db.select().from(mockNumbers).where(eq(mockNumbers.number, number))
    if (!row) throw new ApiError('mock_number_not_found')
    return row
  },
)

export const updateMockPhone = route(
  {
    name: 'project.updateMockPhone',
    summary: "Change a phone number's fixed code",
    description: 'Changes the code of a phone number for tests. API keys only.',
    method: 'put',
    path: `${PATH}/:number`,
    scopes: ['mocks.write'],
    event: 'mock-phones.[number].update',
    onConsole,
    input: { param: byNumber, body: z.object({ otp }) },
    status: 200,
    model: mockNumberModel,
    errors: ['mock_number_not_found'],
  },
  async (c, { number, otp }) => {
    const { db, now } = c.var
    const [row] = await db
      .update(mockNumbers)
      .set(touched(mockNumbers, { otp }, now))
      .where(eq(mockNumbers.number, number))
      .returning()
    if (!row) throw new ApiError('mock_number_not_found')
    return row
  },
)

export const deleteMockPhone = route(
  {
    name: 'project.deleteMockPhone',
    summary: "Remove a phone number's fixed code",
    description: 'Makes a phone number for tests an ordinary one again. API keys only.',
    method: 'delete',
    path: `${PATH}/:number`,
    scopes: ['mocks.write'],
    event: 'mock-phones.[number].delete',
    onConsole,
    input: { param: byNumber },
    status: 204,
    errors: ['mock_number_not_found'],
  },
  async (c, { number }) => {
    const [gone] = await c.var.db
      .delete(mockNumbers)
      .where(eq(mockNumbers.number, number))
      .returning({ number: mockNumbers.number })
    if (!gone) throw new ApiError('mock_number_not_found')
    return undefined
  },
)
