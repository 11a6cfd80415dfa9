import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { variables } from '#/db/schema'
import { before } from '#test/support/account'
import { after, TIME, wire } from '#test/support/clock'
import { outcome, projectWorld } from '#test/support/project'
import { type Json, NOW, type World, world } from '#test/support/world'

const PATH = '/project/variables'

const create = (w: World, fields: Json = {}) =>
  w.send('post', PATH, { variableId: 'v', key: 'COLOUR', value: 'green', ...fields })
const put = (w: World, body: Json, id = 'v') => w.send('put', `${PATH}/${id}`, body)
const get = async (w: World, id = 'v') => (await w.send('get', `${PATH}/${id}`)).body
const rowOf = async (w: World, id = 'v') =>
  (await w.db.select().from(variables).where(eq(variables.id, id)))[0]

const shown = {
  $id: 'v',
  $createdAt: TIME,
  $updatedAt: TIME,
  key: 'COLOUR',
  value: '',
  secret: true,
  resourceType: 'project',
  resourceId: '',
}

test('is secret unless told otherwise, and sealed either way', async () => {
  const w = await projectWorld()
  const hidden = await create(w)
  expect([hidden.status, hidden.body]).toEqual([201, shown])
  const plain = await create(w, { variableId: 'w', key: 'SIZE', secret: false })
  expect(plain.body).toEqual({ ...shown, $id: 'w', key: 'SIZE', value: 'green', secret: false })
  expect(await get(w)).toEqual(shown)
  expect(await get(w, 'w')).toEqual(plain.body)
  expect((await w.send('get', PATH)).body).toEqual({ total: 2, variables: [shown, plain.body] })
  const rows = (await w.env.DB.prepare('select * from variables').all()).results
  expect(JSON.stringify(rows)).not.toContain('green')
})

test.each([
  ['ID', { key: 'OTHER' }],
  ['key', { variableId: 'other' }],
])('refuses an %s in use', async (_, fields) => {
  const w = await projectWorld()
  await create(w)
  expect(outcome(await create(w, fields))).toEqual([409, 'variable_already_exists'])
  expect(await w.db.select().from(variables)).toHaveLength(1)
})

test.each([
  [{ variableId: undefined }],
  [{ key: '' }],
  [{ key: 'x'.repeat(256) }],
  [{ key: 1 }],
  [{ value: undefined }],
  [{ value: null }],
  [{ value: 'x'.repeat(8193) }],
  [{ secret: 'true' }],
  [{ secret: 0 }],
])('refuses %j', async (fields) => {
  const w = await projectWorld()
  expect(outcome(await create(w, fields))).toEqual([400, 'general_argument_invalid'])
})

test.each(['', 'x'.repeat(8192), '😀'.repeat(8192), 'ü\n"\\'])(
  'keeps a value as it is',
  async (value) => {
    const w = await projectWorld()
    await create(w, { value, secret: false })
    expect((await get(w)).value).toBe(value)
  },
)

describe('a change', () => {
  test('keeps what is absent or null', async () => {
    let now = NOW
    const w = await projectWorld({}, () => now)
    await create(w, { secret: false })
    now = new Date(NOW.getTime() + 1000)
    const renamed = await put(w, { key: 'TINT', value: null, secret: null })
    expect(renamed.body).toEqual({
      ...{ ...shown, key: 'TINT', value: 'green', secret: false },
      $updatedAt: wire(after(1)),
    })
    expect((await put(w, { value: 'red' })).body).toMatchObject({ key: 'TINT', value: 'red' })
  })
  test('moves $updatedAt only when something changes', async () => {
    let now = NOW
    const w = await projectWorld({}, () => now)
    await create(w)
    now = new Date(NOW.getTime() + 1000)
    const same = await put(w, { key: 'COLOUR', value: 'green', secret: true })
    expect(same.body).toEqual(shown)
    expect((await put(w, { value: 'red' })).body.$updatedAt).not.toBe(TIME)
  })
  test('hides a value for ever', async () => {
    const w = await projectWorld()
    await create(w, { secret: false })
    expect((await put(w, { secret: true })).body.value).toBe('')
    for (const body of [{ secret: false }, { secret: false, value: 'x', key: 'X' }]) {
      expect(outcome(await put(w, body))).toEqual([400, 'variable_cannot_unset_secret'])
    }
    expect(await rowOf(w)).toMatchObject({ secret: true, key: 'COLOUR' })
  })
  test('hides a value for ever, also when both are asked at once', async () => {
    const w = await projectWorld()
    await create(w, { secret: false })
    const other = await world()
    before(w, 2, () => put(other, { secret: true }))
    expect(outcome(await put(w, { secret: false, key: 'X' }))).toEqual([
      400,
      'variable_cannot_unset_secret',
    ])
    expect(await rowOf(w)).toMatchObject({ secret: true, key: 'COLOUR' })
  })
  test('needs something to change', async () => {
    const w = await projectWorld()
    await create(w)
    for (const body of [{}, { key: null, value: null, secret: null }]) {
      expect(outcome(await put(w, body))).toEqual([400, 'general_argument_invalid'])
    }
  })
  test('refuses the key of another variable, not its own', async () => {
    const w = await projectWorld()
    await create(w)
    await create(w, { variableId: 'w', key: 'SIZE' })
    expect(outcome(await put(w, { key: 'SIZE' }))).toEqual([409, 'variable_already_exists'])
    expect((await put(w, { key: 'COLOUR' })).status).toBe(200)
  })
  test('of a variable that goes meanwhile is 404', async () => {
    const w = await projectWorld()
    await create(w)
    const other = await world()
    before(w, 2, () => other.send('delete', `${PATH}/v`))
    expect(outcome(await put(w, { value: 'x' }))).toEqual([404, 'variable_not_found'])
  })
})

test.each([
  ['get', undefined],
  ['put', {}],
  ['put', { secret: false }],
  ['delete', undefined],
])('%s of a variable that is not there is 404', async (method, body) => {
  const w = await projectWorld()
  expect(outcome(await w.send(method, `${PATH}/none`, body))).toEqual([404, 'variable_not_found'])
})

test('is deleted', async () => {
  const w = await projectWorld()
  await create(w)
  expect((await w.send('delete', `${PATH}/v`)).status).toBe(204)
  expect(await rowOf(w)).toBeUndefined()
})

test('is found by each attribute of the contract', async () => {
  const w = await projectWorld()
  await create(w)
  await create(w, { variableId: 'w', key: 'SIZE', secret: false })
  const ids = async (method: string, attribute: string, ...values: Json[]) => {
    const query = encodeURIComponent(JSON.stringify({ method, attribute, values }))
    const { body } = await w.send('get', `${PATH}?queries[0]=${query}`)
    return body.variables?.map(({ $id }: Json) => $id) ?? body.type
  }
  expect(await ids('equal', 'key', 'SIZE')).toEqual(['w'])
  expect(await ids('equal', 'secret', true)).toEqual(['v'])
  expect(await ids('equal', 'resourceType', 'project')).toEqual(['v', 'w'])
  expect(await ids('equal', 'resourceType', 'function')).toEqual([])
  expect(await ids('equal', 'resourceId', '')).toEqual(['v', 'w'])
  expect(await ids('orderDesc', 'key')).toEqual(['w', 'v'])
  expect(await ids('orderDesc', 'resourceId')).toEqual(['v', 'w'])
  expect(await ids('cursorAfter', '', 'v')).toEqual(['w'])
  expect(await ids('equal', 'value', 'green')).toBe('general_argument_invalid')
})
