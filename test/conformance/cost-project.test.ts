import { expect, test } from 'vitest'
import { projectWorld } from '#test/support/project'
import { PROJECT_REQUESTS as REQUESTS } from '#test/support/project-requests'
import { type Answer, ROOT, type World } from '#test/support/world'

type Ran = Promise<Answer & { trips: number }>

test('D1 round trips of the Project service stay within their budget', async () => {
  const w: World = await projectWorld()
  const scopes = [
    'project',
    'keys',
    'platforms',
    'mocks',
    'policies',
    'project.oauth2',
    'templates',
  ]
  const key = await w.key(...scopes.flatMap((name) => [`${name}.read`, `${name}.write`]))
  await w.send('get', '/project', undefined, key) // its first use of a day is noted
  const send = (method: string, path: string, body?: unknown, headers = key): Ran =>
    w.send(method, `/project${path}`, body, headers)
  const made = await send('post', '/keys', { keyId: 'k', name: 'x', scopes: [] }, ROOT)
  expect([made.status, made.trips]).toEqual([201, 1])
  const rows: string[] = []
  for (const [name, most, method, path, body] of REQUESTS) {
    const { trips, status } = await send(method, path, body)
    rows.push(`${name.padEnd(30)}${trips}`)
    expect(status, name).toBeLessThan(300)
    expect(trips, name).toBeLessThanOrEqual(1 + most)
  }
  console.info(`D1 round trips, the caller's key included\n${rows.join('\n')}`)
})
