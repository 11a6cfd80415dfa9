import { Client as WebClient } from 'appwrite'
import { Client } from 'node-appwrite'
import { expect, inject, test } from 'vitest'

const endpoint = inject('endpoint')

test.each([
  ['node', () => new Client().setEndpoint(endpoint).setProject('edgewrite').ping()],
  [
    'node with a key',
    () =>
      new Client().setEndpoint(endpoint).setProject('edgewrite').setKey(inject('apiKey')).ping(),
  ],
  ['web', () => new WebClient().setEndpoint(endpoint).setProject('edgewrite').ping()],
])('client.ping() of %s is answered', async (_, ping) => {
  // Both wrap what is no JSON.
  expect(await ping()).toEqual({ message: 'Pong!' })
})

test('client.ping() tells that the project is another', async () => {
  const ping = new WebClient().setEndpoint(endpoint).setProject('nope').ping()
  await expect(ping).rejects.toMatchObject({ code: 404, type: 'project_not_found' })
})

test('a command line tool reads the version before it knows a project', async () => {
  const answer = await fetch(`${endpoint}/health/version`, {
    headers: { 'X-Appwrite-Project': 'console', 'Content-Type': 'application/json' },
  })
  expect([answer.status, await answer.json()]).toEqual([200, { version: '1.9.6' }])
})
