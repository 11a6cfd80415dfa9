import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Env, settingsOf } from '#/config/env'
import { database } from '#/db'
import { webhooks } from '#/db/schema'
import { storeBody, sweepBodies } from '#/events/bodies'
import { RETRY_DELAYS_SECONDS } from '#/events/consume'
import type { Delivery } from '#/events/delivery'
import { post } from '#/events/post'
import { NOW } from '#test/support/clock'
import {
  expectedSignature,
  fresh,
  handOver,
  hookWorld,
  makeHook,
  receiver,
  requestsTo,
  rowOf,
} from '#test/support/webhooks'
import { PROJECT } from '#test/support/world'

const FINAL = RETRY_DELAYS_SECONDS.length + 1
const BODY = '{"$id":"u","name":"Zoë 😀"}'
const EVENTS = ['users.u.create', 'users.*.create', 'users.u', 'users.*']

afterEach(() => vi.restoreAllMocks())
const silent = (method: 'error' | 'warn') => vi.spyOn(console, method).mockImplementation(() => {})

/** Makes a webhook whose receiver answers by plan. */
async function scene(plan: string, fields: Record<string, unknown> = {}) {
  const w = await hookWorld()
  const token = fresh()
  const hook = await makeHook(w, { url: `${receiver}/${token}/${plan}`, ...fields })
  const { sequence } = await rowOf(w, hook.$id)
  const delivery = (more: Partial<Delivery> = {}): Delivery => ({
    ...{ webhook: sequence, events: EVENTS, userId: 'ann', body: { text: BODY } },
    ...more,
  })
  return {
    ...{ w, hook, token, delivery },
    row: () => rowOf(w, hook.$id),
    seen: () => requestsTo(token),
    set: (values: Partial<typeof webhooks.$inferInsert>) =>
      w.db.update(webhooks).set(values).where(eq(webhooks.sequence, sequence)),
  }
}

describe('a delivery', () => {
  test('is one POST with the headers of the contract and the body as it was', async () => {
    const { hook, token, delivery, seen } = await scene('200')
    expect(await handOver([delivery()])).toEqual(['acked'])
    const requests = await seen()
    expect(requests).toHaveLength(1)
    const [{ headers, ...request }] = requests as [(typeof requests)[0]]
    expect(request).toEqual({ method: 'POST', path: `/${token}/200`, body: BODY })
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': `${new TextEncoder().encode(BODY).length}`,
      'user-agent': 'Appwrite-Server v1.9.6 (Edgewrite)',
      'x-appwrite-webhook-id': hook.$id,
      'x-appwrite-webhook-name': 'Hook',
      'x-appwrite-webhook-events': EVENTS.join(','),
      'x-appwrite-webhook-user-id': 'ann',
      'x-appwrite-webhook-project-id': PROJECT,
      'x-appwrite-webhook-signature': await expectedSignature(hook.secret, hook.url, BODY),
    })
    expect(headers.authorization).toBeUndefined()
  })
  test('is signed as RFC 2202 has it', async () => {
    // Test case 2: key "Jefe", text "what do ya want for nothing?".
    const { signatureOf } = await import('#/events/post')
    const signature = await signatureOf('Jefe', 'what do ya want ', 'for nothing?')
    const hex = [...atob(signature)].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, '0'))
    expect(hex.join('')).toBe('effcdf6ae5eb2fa2d27416d5f184df9c259a7c79')
  })
  test('names the sender to whom it may annoy', async () => {
    const { delivery, seen } = await scene('200')
    await handOver([delivery()], { overrides: { MAIL_FROM: 'Acme <ops@example.org>' } })
    expect((await seen())[0]?.headers['user-agent']).toBe(
      'Appwrite-Server v1.9.6 (Edgewrite; abuse: ops@example.org)',
    )
  })
  test.each([
    ['user and password', { authUsername: 'ann', authPassword: 'pä:ss' }, 'ann:pä:ss'],
    ['no password', { authUsername: 'ann' }, undefined],
    ['no user', { authPassword: 'pass' }, undefined],
  ])('logs in with %s', async (_, fields, login) => {
    const { delivery, seen } = await scene('200', fields)
    await handOver([delivery()])
    const [, given] = ((await seen())[0]?.headers.authorization ?? '').split('Basic ')
    const bytes = given && Uint8Array.from(atob(given), (one) => one.charCodeAt(0))
    expect(bytes && new TextDecoder().decode(bytes)).toBe(login)
  })
  test('writes in headers what they can hold', async () => {
    const { delivery, seen } = await scene('200', { name: 'Zoë\r\nX: 😀 50%' })
    await handOver([delivery()])
    expect((await seen())[0]?.headers['x-appwrite-webhook-name']).toBe(
      'Zo%C3%AB%0D%0AX: %F0%9F%98%80 50%',
    )
  })
  test.each(['200', '204', '299'])('is accepted with %s', async (plan) => {
    const { delivery, row } = await scene(plan)
    expect(await handOver([delivery()], { attempts: FINAL })).toEqual(['acked'])
    expect(await row()).toMatchObject({ attempts: 0, logs: '' })
  })
})

describe('a redirect', () => {
  test.each(['300', '301', '302', '303', '304', '307', '308', '399'])(
    'with %s is a failure: it is tried again, and shown in the end',
    async (plan) => {
      const { delivery, row } = await scene(plan)
      expect(await handOver([delivery()], { attempts: 1 })).toEqual([2])
      expect(await row()).toMatchObject({ attempts: 0, logs: '' })
      expect(await handOver([delivery()], { attempts: FINAL })).toEqual(['acked'])
      const { attempts, logs } = await row()
      expect([attempts, logs]).toEqual([1, expect.stringContaining(`Status ${plan}`)])
    },
  )
  test('is not followed, and the log says where it leads', async () => {
    const { token, delivery, seen, row } = await scene('redirect')
    expect(await handOver([delivery()], { attempts: FINAL })).toEqual(['acked'])
    expect(await seen()).toHaveLength(1)
    expect(await requestsTo(`stolen-${token}`)).toEqual([])
    expect((await row()).logs).toContain(
      `Status 307 to /stolen-${token}/200: redirects are not followed`,
    )
  })
  test('accepted at a second try starts anew', async () => {
    const { delivery, row } = await scene('302,200')
    const message = delivery()
    expect(await handOver([message], { attempts: 1 })).toEqual([2])
    expect(await handOver([message], { attempts: 2 })).toEqual(['acked'])
    expect((await row()).attempts).toBe(0)
  })
})

describe('a receiver that fails', () => {
  test('is tried again, later each time, until it accepts', async () => {
    const { delivery, seen, row } = await scene('500,503,200')
    const message = delivery()
    expect(await handOver([message], { attempts: 1 })).toEqual([2])
    expect(await handOver([message], { attempts: 2 })).toEqual([10])
    expect(await handOver([message], { attempts: 3 })).toEqual(['acked'])
    const requests = await seen()
    expect(requests.map(({ body }) => body)).toEqual([BODY, BODY, BODY])
    expect(
      new Set(requests.map(({ headers }) => headers['x-appwrite-webhook-signature'])).size,
    ).toBe(1)
    expect(await row()).toMatchObject({ attempts: 0, logs: '', enabled: true })
  })
  test('is given up on after six tries in 71 minutes, and counted once', async () => {
    const { hook, delivery, row } = await scene('500')
    const message = delivery()
    const outcomes = []
    for (let attempts = 1; attempts <= FINAL; attempts++) {
      outcomes.push(...(await handOver([message], { attempts })))
      if (attempts < FINAL) expect((await row()).attempts).toBe(0)
    }
    expect(outcomes).toEqual([2, 10, 60, 600, 3600, 'acked'])
    expect(await row()).toMatchObject({
      attempts: 1,
      enabled: true,
      logs: `POST ${hook.url}\nStatus 500\n\nanswer 500`,
    })
  })
  test.each(['400', '401', '404', '500', '599'])('fails with %s', async (plan) => {
    const { delivery, row } = await scene(plan)
    await handOver([delivery()], { attempts: FINAL })
    expect(await row()).toMatchObject({ attempts: 1, logs: expect.stringContaining(plan) })
  })
  test('fails when it closes the connection; the log tells of which event', async () => {
    const { hook, delivery, row } = await scene('drop')
    await handOver([delivery()], { attempts: FINAL })
    const { logs, attempts } = await row()
    expect(attempts).toBe(1)
    expect(logs).toMatch(/^POST http.*\n.+\n\nEvents: users\.u\.create, users\.\*\.create/)
    expect(logs).toContain(hook.url)
  })
  test('is logged with the first 10,000 bytes of its answer, however long that is', async () => {
    const { hook, delivery, row } = await scene('endless')
    await handOver([delivery()], { attempts: FINAL })
    expect((await row()).logs).toBe(`POST ${hook.url}\nStatus 500\n\n${'é'.repeat(5_000)}`)
  })
  test.each(['hang'])('is not waited for without end: %s', async (plan) => {
    const { hook, delivery } = await scene(plan)
    const target = { ...hook, id: hook.$id, authPassword: '' }
    const settings = settingsOf(env as unknown as Env)
    const log = await post(target, delivery(), BODY, settings, 50)
    expect(log).toMatch(/^POST .*\n.*(timeout|aborted).*\n\nEvents: /i)
  })
})

describe('failures in a row', () => {
  test('switch the webhook off at the tenth, and it is told nothing more', async () => {
    const log = silent('error')
    const { hook, delivery, row, seen, set } = await scene('500')
    await set({ attempts: 8 })
    await handOver([delivery()], { attempts: FINAL })
    expect(await row()).toMatchObject({ attempts: 9, enabled: true })
    await handOver([delivery()], { attempts: FINAL })
    expect(await row()).toMatchObject({ attempts: 10, enabled: false })
    expect(log).toHaveBeenCalledExactlyOnceWith(
      expect.stringContaining(`The webhook ${hook.$id} is off`),
    )
    expect(await handOver([delivery()])).toEqual(['acked'])
    expect(await seen()).toHaveLength(2)
  })
  test('each count, also when many fail at once', async () => {
    silent('error')
    const { delivery, row } = await scene('500')
    const messages = () => handOver([delivery(), delivery()], { attempts: FINAL })
    await Promise.all([messages(), messages(), messages()])
    expect(await row()).toMatchObject({ attempts: 6, enabled: true })
  })
  test('end with one that is accepted', async () => {
    const { delivery, row, set } = await scene('200')
    await set({ attempts: 9, logs: 'before' })
    await handOver([delivery()])
    expect(await row()).toMatchObject({ attempts: 0, enabled: true, logs: 'before' })
  })
  test('are forgotten when the owner enables the webhook again, and it is told', async () => {
    const { w, hook, token, delivery, seen, set } = await scene('200')
    await set({ attempts: 10, enabled: false })
    await handOver([delivery()])
    expect(await seen()).toEqual([])
    const { url, name, events } = hook
    const { body } = await w.send('put', `/webhooks/${hook.$id}`, { url, name, events })
    expect(body).toMatchObject({ enabled: true, attempts: 0 })
    await handOver([delivery()])
    expect(await requestsTo(token)).toHaveLength(1)
  })
})

describe('the webhook is read again at delivery', () => {
  test('a new key signs at once', async () => {
    const { w, hook, delivery, seen } = await scene('200')
    const message = delivery()
    const { body } = await w.send('patch', `/webhooks/${hook.$id}/secret`, {})
    await handOver([message])
    const signature = (await seen())[0]?.headers['x-appwrite-webhook-signature']
    expect(signature).toBe(await expectedSignature(body.secret, hook.url, BODY))
    expect(signature).not.toBe(await expectedSignature(hook.secret, hook.url, BODY))
  })
  test('a new address is told, the old one not', async () => {
    const { w, hook, delivery, seen } = await scene('200')
    const [message, other] = [delivery(), fresh()]
    const moved = { name: 'Moved', events: [], url: `${receiver}/${other}/200` }
    await w.send('put', `/webhooks/${hook.$id}`, moved)
    await handOver([message])
    expect([(await seen()).length, (await requestsTo(other)).length]).toEqual([0, 1])
  })
  test.each(['disabled', 'deleted', 'made anew'])('one that is %s is not told', async (state) => {
    const { w, hook, delivery, seen, set } = await scene('200')
    const message = delivery()
    if (state === 'disabled') await set({ enabled: false })
    else await w.send('delete', `/webhooks/${hook.$id}`)
    if (state === 'made anew') await makeHook(w, { webhookId: hook.$id, url: hook.url })
    expect(await handOver([message])).toEqual(['acked'])
    expect(await seen()).toEqual([])
  })
  test.each(['http://10.0.0.1/', 'http://localhost/', 'http://169.254.169.254/'])(
    'an internal address is told nothing in production, and counts as no failure: %s',
    async (url) => {
      const warning = silent('warn')
      const { hook, delivery, row, set } = await scene('200')
      await set({ url })
      const overrides = { MAIL_OUTBOX: 'off' } as const
      expect(await handOver([delivery()], { attempts: FINAL, overrides })).toEqual(['acked'])
      expect(await row()).toMatchObject({ attempts: 0, logs: '', enabled: true })
      expect(warning).toHaveBeenCalledExactlyOnceWith(expect.stringContaining(hook.$id))
    },
  )
  test('a key that cannot be opened any more is a failure that says so', async () => {
    const { delivery, row, seen } = await scene('200')
    const overrides = { SECRET: 'another secret of the server, long enough' }
    await handOver([delivery()], { attempts: FINAL, overrides })
    expect(await row()).toMatchObject({ attempts: 1, logs: expect.stringContaining('SECRET') })
    expect(await seen()).toEqual([])
  })
})

describe('a batch', () => {
  test('has an outcome for each message', async () => {
    const one = await scene('200')
    const hook = await makeHook(one.w, { url: `${receiver}/${fresh()}/500` })
    const { sequence } = await rowOf(one.w, hook.$id)
    const failing = one.delivery({ webhook: sequence })
    expect(await handOver([one.delivery(), failing, one.delivery()])).toEqual(['acked', 2, 'acked'])
    expect(await one.seen()).toHaveLength(2)
  })
  test('a message that is no delivery is logged and leaves the queue', async () => {
    const log = silent('error')
    const { delivery, seen } = await scene('200')
    expect(await handOver([{ other: 1 }, delivery()])).toEqual(['acked', 'acked'])
    expect(log).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('no delivery: 0'))
    expect(await seen()).toHaveLength(1)
  })
})

describe('a body that waits in the bucket', () => {
  const now = new Date('2026-11-24T12:00:00Z')
  test('is delivered as it was', async () => {
    const { delivery, seen } = await scene('200')
    const text = JSON.stringify({ prefs: 'é'.repeat(100_000) })
    const key = await storeBody(env.BLOBS, text, now)
    await handOver([delivery({ body: { key } })])
    expect((await seen())[0]?.body).toBe(text)
  })
  test('that is gone is logged, and no failure of the receiver', async () => {
    const log = silent('error')
    const { delivery, row, seen } = await scene('200')
    const outcome = await handOver([delivery({ body: { key: 'events/none' } })], {
      attempts: FINAL,
    })
    expect(outcome).toEqual(['acked'])
    expect(log).toHaveBeenCalledOnce()
    expect([(await row()).attempts, await seen()]).toEqual([0, []])
  })
  test('goes when the queue cannot hold its message any more', async () => {
    await storeBody(env.BLOBS, 'old', new Date('2026-11-19T11:59:59Z'))
    const kept = await storeBody(env.BLOBS, 'young', new Date('2026-11-19T12:00:01Z'))
    expect(await sweepBodies(env.BLOBS, now)).toBe(1)
    expect(await sweepBodies(env.BLOBS, now)).toBe(0)
    const { objects } = await env.BLOBS.list({ prefix: 'events/2026-11-19' })
    expect(objects.map(({ key }) => key)).toEqual([kept])
  })
})

test('a database that fails tells nobody twice who has accepted', async () => {
  const { w, delivery, seen } = await scene('200')
  const d1 = env.DB
  const broken = {
    prepare: (query: string) => d1.prepare(query),
    batch: () => Promise.reject(new Error('down')),
  }
  const { createExecutionContext, createMessageBatch, getQueueResult } = await import(
    'cloudflare:test'
  )
  const { consume } = await import('#/events/consume')
  const batch = createMessageBatch('edgewrite-events', [
    { id: 'a', timestamp: NOW, attempts: 1, body: delivery() },
  ])
  const overrides = { MAIL_OUTBOX: 'on', DB: broken as unknown as D1Database }
  const run = consume(batch, { ...env, ...overrides } as unknown as Env, NOW)
  await expect(run).rejects.toThrow()
  const { explicitAcks } = await getQueueResult(batch, createExecutionContext())
  expect(explicitAcks).toEqual(['a'])
  expect(await seen()).toHaveLength(1)
  expect(database(env.DB)).toBe(w.db)
})
