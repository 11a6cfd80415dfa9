import { describe, expect, test } from 'vitest'
import { mockNumbers } from '#/db/schema'
import { messageTo } from '#test/support/account'
import { after, TIME, wire } from '#test/support/clock'
import { outcome, projectWorld } from '#test/support/project'
import { GUEST_HEADERS, type Json, NOW, type World } from '#test/support/world'

const PATH = '/project/mock-phones'
const NUMBER = '+4915112345678'

const create = (w: World, fields: Json = {}) =>
  w.send('post', PATH, { number: NUMBER, otp: '123456', ...fields })

test('gives a number a code, shows, changes and removes it', async () => {
  let now = NOW
  const w = await projectWorld({}, () => now)
  const shown = { number: NUMBER, otp: '123456', $createdAt: TIME, $updatedAt: TIME }
  const made = await create(w)
  expect([made.status, made.body]).toEqual([201, shown])
  expect((await w.send('get', PATH)).body).toEqual({ total: 1, mockNumbers: [shown] })
  now = new Date(NOW.getTime() + 1000)
  expect((await w.send('put', `${PATH}/${NUMBER}`, { otp: '123456' })).body).toEqual(shown)
  const changed = await w.send('put', `${PATH}/${NUMBER}`, { otp: '000000' })
  const replaced = { ...shown, otp: '000000', $updatedAt: wire(after(1)) }
  expect(changed.body).toEqual(replaced)
  expect((await w.send('get', `${PATH}/${NUMBER}`)).body).toEqual(replaced)
  expect((await w.send('delete', `${PATH}/${NUMBER}`)).status).toBe(204)
  expect(await w.db.select().from(mockNumbers)).toEqual([])
})

test.each(['+4915112345678', '%2B4915112345678', '%204915112345678', '4915112345678'])(
  'finds a number written as %s',
  async (path) => {
    const w = await projectWorld()
    await create(w)
    expect((await w.send('get', `${PATH}/${path}`)).body.number).toBe(NUMBER)
    expect((await w.send('put', `${PATH}/${path}`, { otp: '111111' })).body.otp).toBe('111111')
    expect((await w.send('delete', `${PATH}/${path}`)).status).toBe(204)
  },
)

test('has one code for a number', async () => {
  const w = await projectWorld()
  await create(w)
  expect(outcome(await create(w, { otp: '654321' }))).toEqual([409, 'mock_number_already_exists'])
  expect((await w.send('get', `${PATH}/${NUMBER}`)).body.otp).toBe('123456')
  const outcomes = await Promise.all(
    ['1', '2', '3'].map((digit) => create(w, { number: '+4915199999999', otp: digit.repeat(6) })),
  )
  expect(outcomes.map(({ status }) => status).sort()).toEqual([201, 409, 409])
})

test.each([
  [{ number: '4915112345678' }],
  [{ number: '+999123456789' }],
  [{ number: '+49' }],
  [{ number: 49 }],
  [{ number: undefined }],
  [{ otp: '12345' }],
  [{ otp: '1234567' }],
  [{ otp: '12345a' }],
  [{ otp: '١٢٣٤٥٦' }],
  [{ otp: 123456 }],
  [{ otp: undefined }],
])('refuses %j', async (fields) => {
  const w = await projectWorld()
  expect(outcome(await create(w, fields))).toEqual([400, 'general_argument_invalid'])
})

describe('a number that is not there', () => {
  test.each([
    ['get', undefined],
    ['put', { otp: '123456' }],
    ['delete', undefined],
  ])('is 404 for %s', async (method, body) => {
    const w = await projectWorld()
    expect(outcome(await w.send(method, `${PATH}/${NUMBER}`, body))).toEqual([
      404,
      'mock_number_not_found',
    ])
    expect(outcome(await w.send(method, `${PATH}/none`, body))).toEqual([
      400,
      'general_argument_invalid',
    ])
  })
})

test('stops at 5,000 numbers, which a list gives at once', async () => {
  const w = await projectWorld()
  await w.env.DB.prepare(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < 4999)
     insert into mock_numbers (number, otp, created_at, updated_at)
     select '+49151' || (10000000 + i), '123456', 0, 0 from n`,
  ).run()
  expect((await create(w, { number: '+4915199999991' })).status).toBe(201)
  expect(outcome(await create(w, { number: '+4915199999992' }))).toEqual([
    400,
    'mock_number_limit_exceeded',
  ])
  // Its own refusal comes first, as upstream's does.
  expect(outcome(await create(w, { number: '+4915199999991' }))).toEqual([
    400,
    'mock_number_limit_exceeded',
  ])
  const { body } = await w.send('get', PATH)
  expect([body.total, body.mockNumbers.length, body.mockNumbers[0].number]).toEqual([
    5000,
    5000,
    '+4915110000001',
  ])
  const queries = ['limit', 'offset'].map(
    (method, index) =>
      `queries[${index}]=${encodeURIComponent(JSON.stringify({ method, values: [index + 2] }))}`,
  )
  const slice = await w.send('get', `${PATH}?${queries.join('&')}&total=false`)
  expect([slice.body.total, slice.body.mockNumbers.map(({ number }: Json) => number)]).toEqual([
    0,
    ['+4915110000004', '+4915110000005'],
  ])
})

test('is the code of whoever signs in with the number, and no message is sent', async () => {
  const w = await projectWorld({ MAIL_OUTBOX: 'on' })
  await create(w)
  const token = (phone: string) =>
    w.send('post', '/account/tokens/phone', { userId: 'unique()', phone }, GUEST_HEADERS)
  const { status, body } = await token(NUMBER)
  expect(status).toBe(201)
  await expect(messageTo(w, NUMBER)).rejects.toThrow('0 messages')
  const session = await w.send(
    'post',
    '/account/sessions/token',
    { userId: body.userId, secret: '123456' },
    GUEST_HEADERS,
  )
  expect(session.status).toBe(201)
  await w.send('delete', `${PATH}/${NUMBER}`)
  expect((await token(NUMBER)).status).toBe(201)
  expect((await messageTo(w, NUMBER)).text).toMatch(/\d{6}/)
})
