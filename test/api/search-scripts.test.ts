import { beforeAll, expect, test } from 'vitest'
import { type World, world } from '#test/support/world'

let w: World

const NAMES = {
  nguyen: 'Nguyễn Văn Anh',
  murugan: 'முருகன்',
  meena: 'மீனா',
  mohan: 'मोहन कुमार',
  pushkin: 'Александр Пушкин',
  somchai: 'สมชาย ใจดี',
  muller: 'Jörg Müller',
}

beforeAll(async () => {
  w = await world()
  for (const [id, name] of Object.entries(NAMES)) await w.user({ id, name })
})

const found = async (term: string): Promise<string[]> => {
  const { status, body } = await w.send('get', `/users?search=${encodeURIComponent(term)}`)
  expect(status).toBe(200)
  return body.users.map(({ $id }: { $id: string }) => $id)
}

test.each([
  ['nguyen', ['nguyen']],
  ['Nguyễn', ['nguyen']],
  ['Nguyễn'.normalize('NFD'), ['nguyen']],
  ['முருகன்', ['murugan']],
  ['முரு', ['murugan']],
  ['மீனா', ['meena']],
  ['கன்', []],
  ['मोहन', ['mohan']],
  ['कुमार', ['mohan']],
  ['пушкин', ['pushkin']],
  ['АЛЕКСАНДР', ['pushkin']],
  ['สมชาย', ['somchai']],
  ['muller', ['muller']],
  ['MÜLLER', ['muller']],
  ['jorg', ['muller']],
])('a search for %s finds %j', async (term, expected) => {
  expect(await found(term)).toEqual(expected)
})

test('a new name is found by the same rules', async () => {
  await w.send('patch', '/users/meena/name', { name: 'மீனாட்சி Đặng' })
  expect(await found('மீனாட்சி')).toEqual(['meena'])
  expect(await found('மீனா')).toEqual(['meena'])
})
