import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Client, ID, Query, Users, Webhooks } from 'node-appwrite'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'

const client = new Client()
  .setEndpoint(inject('endpoint'))
  .setProject('edgewrite')
  .setKey(inject('apiKey'))
const webhooks = new Webhooks(client)
const users = new Users(client)

type Delivery = { headers: IncomingHttpHeaders; body: string }
const deliveries: Delivery[] = []
let failures = 0
let url = ''

const receiver = createServer((request, response) => {
  let body = ''
  request.on('data', (part) => {
    body += part
  })
  request.on('end', () => {
    deliveries.push({ headers: request.headers, body })
    response.statusCode = failures-- > 0 ? 503 : 200
    response.end()
  })
})

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const { port } = receiver.address() as AddressInfo
  url = `http://127.0.0.1:${port}/hook`
})
afterAll(() => receiver.close())

const newHook = (events: string[]) =>
  webhooks.create({ webhookId: ID.unique(), url, name: 'Test', events })

test('lists, reads, replaces, renews and deletes', async () => {
  const made = await newHook(['users.*.create'])
  expect(made).toMatchObject({ url, name: 'Test', enabled: true, tls: false, attempts: 0 })
  expect(made.secret).toMatch(/^[0-9a-f]{128}$/)
  const { $id: webhookId } = made
  expect(await webhooks.get({ webhookId })).toEqual({ ...made, secret: '' })
  const page = await webhooks.list({ queries: [Query.equal('$id', webhookId)] })
  expect([page.total, page.webhooks]).toEqual([1, [{ ...made, secret: '' }]])
  const updated = await webhooks.update({ webhookId, url, name: 'Other', events: ['teams.*'] })
  expect(updated).toMatchObject({ name: 'Other', events: ['teams.*'], secret: '' })
  const renewed = await webhooks.updateSecret({ webhookId })
  expect(renewed.secret).not.toBe(made.secret)
  await webhooks.delete({ webhookId })
  for (const call of [
    () => webhooks.get({ webhookId }),
    () => webhooks.update({ webhookId, url, name: 'x', events: [] }),
    () => webhooks.updateSecret({ webhookId }),
    () => webhooks.delete({ webhookId }),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: 404, type: 'webhook_not_found' })
  }
})

test('refuses an ID in use, an unknown event and an address that is no receiver', async () => {
  const { $id: webhookId } = await newHook([])
  const hook = { webhookId: ID.unique(), url, name: 'x', events: [] as string[] }
  await expect(webhooks.create({ ...hook, webhookId })).rejects.toMatchObject({
    code: 409,
    type: 'webhook_already_exists',
  })
  for (const bad of [
    { events: ['users'] },
    { url: 'ftp://example.com' },
    { url: 'https://a.nope' },
  ]) {
    await expect(webhooks.create({ ...hook, ...bad })).rejects.toMatchObject({
      code: 400,
      type: 'general_argument_invalid',
    })
  }
  await webhooks.delete({ webhookId })
})

test('tells of a new user, signed, and again after a failure', { timeout: 60_000 }, async () => {
  const { $id: webhookId, secret } = await newHook(['users.*.create'])
  deliveries.length = 0
  failures = 1
  const user = await users.create({ userId: ID.unique(), email: `${ID.unique()}@example.com` })
  await vi.waitFor(() => expect(deliveries.length).toBe(2), { timeout: 40_000, interval: 200 })
  for (const { headers, body } of deliveries) {
    const signature = createHmac('sha1', secret)
      .update(url + body)
      .digest('base64')
    expect(headers['x-appwrite-webhook-signature']).toBe(signature)
    expect(headers['x-appwrite-webhook-id']).toBe(webhookId)
    expect(`${headers['x-appwrite-webhook-events']}`.split(',')).toContain(
      `users.${user.$id}.create`,
    )
    expect(JSON.parse(body)).toMatchObject({ $id: user.$id, email: user.email })
  }
  expect((await webhooks.get({ webhookId })).attempts).toBe(0)
  await webhooks.delete({ webhookId })
})
