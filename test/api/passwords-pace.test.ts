import { afterEach, expect, test, vi } from 'vitest'
import { workspaceUse } from '#/identity/passwords/hashes/workspace'
import { NOW, world } from '#test/support/world'

const COSTLY =
  '$argon2id$v=19$m=65536,t=4,p=3$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'

/** Users with imported hashes, and a clock that stands still, as it does while a deployed Worker computes. */
async function scene(prefix: string, count: number) {
  const w = await world({}, () => NOW)
  for (const index of Array.from({ length: count }).keys()) {
    const body = { userId: 'unique()', email: `${prefix}${index}@example.com`, password: COSTLY }
    expect((await w.send('post', '/users/argon2', body)).status).toBe(201)
  }
  vi.spyOn(Date, 'now').mockReturnValue(NOW.getTime())
  vi.spyOn(performance, 'now').mockReturnValue(0)
  const signIn = (index: number) =>
    w.send(
      'post',
      '/account/sessions/email',
      { email: `${prefix}${index}@example.com`, password: 'not this one' },
      {},
    )
  return { w, signIn }
}
afterEach(() => {
  vi.restoreAllMocks()
})

test('a cheap request is answered while a costly password is checked', async () => {
  const { w, signIn } = await scene('one', 1)
  const order: string[] = []
  const costly = signIn(0).then(({ status }) => order.push(`sign-in ${status}`))
  await vi.waitFor(() => expect(workspaceUse().hashes).toBe(1))
  for (const index of [0, 1, 2]) {
    const { status } = await w.send('get', '/users?queries[0]={"method":"limit","values":[1]}')
    order.push(`list ${status} ${index}`)
  }
  await costly
  expect(order).toEqual(['list 200 0', 'list 200 1', 'list 200 2', 'sign-in 401'])
})

test('costly checks that come at once take their turns, and each is answered', async () => {
  const { w, signIn } = await scene('several', 3)
  let most = 0
  const watch = setInterval(() => {
    most = Math.max(most, workspaceUse().bytes)
  }, 1)
  const answers = await Promise.all([0, 1, 2].map(signIn))
  clearInterval(watch)
  expect(answers.map(({ body }) => body.type)).toEqual(
    Array<string>(3).fill('user_invalid_credentials'),
  )
  expect(most).toBe(64 * 1024 * 1024)
  expect(workspaceUse()).toEqual({ hashes: 0, bytes: 0 })
  expect((await w.send('get', '/users')).status).toBe(200)
})

test('refuses an import that one sign-in could not check within the budget, and says so', async () => {
  const w = await world()
  for (const password of [COSTLY.replace('t=4', 't=20'), COSTLY.replace('65536', '131072')]) {
    const body = { userId: 'unique()', email: 'costly@example.com', password }
    expect(await w.send('post', '/users/argon2', body)).toMatchObject({
      status: 400,
      body: {
        type: 'general_argument_invalid',
        message: expect.stringContaining('of at most 64 MiB of memory and 3 s'),
      },
    })
  }
})
