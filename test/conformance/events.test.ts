import { expect, test } from 'vitest'
import { isSubscribable } from '#/events/patterns'
import { ROUTES } from '#/routes'
import { ACCOUNT } from '#test/support/events/account'
import { listening, toldOf } from '#test/support/events/ask'
import { OAUTH2 } from '#test/support/events/oauth2'
import { STORAGE } from '#test/support/events/storage'
import { TEAMS } from '#test/support/events/teams'
import { USERS } from '#test/support/events/users'

const TABLE = { ...STORAGE, ...TEAMS, ...USERS, ...ACCOUNT, ...OAUTH2 }

/** Routes that change nothing of users, teams and buckets, or that only hand a browser on. */
const APART = /^(project|webhooks|locale|health|avatars)\.|^account\.(oauth2Callback|createOAuth2)/
const changing = ROUTES.map(({ spec }) => spec).filter(
  ({ name, method, event }) => !APART.test(name) && (method !== 'get' || event !== undefined),
)

test('every route that changes something is called below', () => {
  const called = new Set(Object.keys(TABLE).map((name) => name.split(' ')[0]))
  expect([...new Set(changing.map(({ name }) => name))].sort()).toEqual([...called].sort())
})

test('of keys, settings and webhooks themselves nobody can be told', () => {
  const templates = ROUTES.filter(({ spec }) => /^(project|webhooks)\./.test(spec.name)).flatMap(
    ({ spec }) => [spec.event ?? []].flat(),
  )
  expect(templates.length).toBeGreaterThan(20)
  expect(templates.filter(isSubscribable)).toEqual([])
})

test.each(Object.entries(TABLE))('%s tells exactly what happened', async (_, emits) => {
  const scene = await listening()
  const expected = await emits(scene)
  const told = toldOf(scene.take())
  expect(told.map(([name]) => name)).toEqual(expected.map(([name]) => name))
  for (const [index, [, payload]] of expected.entries()) {
    if (Array.isArray(payload)) expect(told[index]?.[1]).toEqual(payload)
    else expect(told[index]?.[1]).toMatchObject(payload)
  }
})
