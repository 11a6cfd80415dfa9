import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { outbox } from '#/db/schema/mail'
import { AddressRefused, carrierFailed } from '#/messaging/mail/carrier'
import { httpSms, sendSms, smsConfigured, twilioSms } from '#/messaging/sms/sms'
import { carriers, mailWorld, requestsTo } from '#test/support/mail'

const NUMBER = '+15550100'

/** Returns a Worker that sends one text message. */
const sending = (settings: Record<string, unknown>, text = '123456') =>
  mailWorld(settings, async (c) => {
    await sendSms(c, NUMBER, text)
    return c.body(null, 204)
  })

const fresh = () => crypto.randomUUID().replaceAll('-', '')
const host = new URL(carriers.http).host

beforeEach(async () => {
  await mailWorld({}).db.delete(outbox)
})
afterEach(() => vi.restoreAllMocks())

test('posts JSON with the headers that are set', async () => {
  const id = fresh()
  const settings = {
    SMS_URL: `http://user:p%40ss@${host}/sms/${id}?a=1`,
    SMS_FROM: 'Acme',
    SMS_HEADERS: '{"X-Token":"t0ken"}',
  }
  expect((await sending(settings, 'Code "1" ✓').send()).status).toBe(204)
  const requests = await requestsTo(id)
  expect(requests).toMatchObject([
    {
      method: 'POST',
      path: `/sms/${id}?a=1`,
      headers: {
        'content-type': 'application/json',
        'x-token': 't0ken',
        authorization: `Basic ${btoa('user:p@ss')}`,
      },
    },
  ])
  expect(JSON.parse(requests[0]?.body ?? '')).toEqual({
    from: 'Acme',
    to: NUMBER,
    message: 'Code "1" ✓',
  })
})

test.each([
  [NUMBER, { From: NUMBER }],
  [`MG${'a1'.repeat(16)}`, { MessagingServiceSid: `MG${'a1'.repeat(16)}` }],
])('speaks to Twilio as %s', async (SMS_FROM, sender) => {
  const account = `AC${fresh()}`
  const SMS_URL = `twilio://${account}:t0ken@${host}`
  expect((await sending({ SMS_URL, SMS_FROM }, 'https://a.example/?b=1&c=2').send()).status).toBe(
    204,
  )
  const requests = await requestsTo(account)
  expect(requests).toMatchObject([
    {
      method: 'POST',
      path: `/2010-04-01/Accounts/${account}/Messages.json`,
      headers: { authorization: `Basic ${btoa(`${account}:t0ken`)}` },
    },
  ])
  expect(requests[0]?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/)
  expect(Object.fromEntries(new URLSearchParams(requests[0]?.body))).toEqual({
    To: NUMBER,
    Body: 'https://a.example/?b=1&c=2',
    ...sender,
  })
})

describe('a carrier that fails', () => {
  test.each([
    ['breaks', 'broken', /answered 500: Broken/],
    ['points elsewhere', 'redirect', /answered 307/],
  ])('is a 503 where it %s, and the cause is in the log', async (_, kind, reason) => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const id = fresh()
    const settings = { SMS_URL: `http://u:s3cret@${host}/${kind}/${id}`, SMS_FROM: 'Acme' }
    const { status, body } = await sending(settings).send()
    expect([status, body]).toEqual([
      503,
      {
        type: 'general_phone_disabled',
        message:
          'The text message could not be handed to its carrier. Nothing was sent; try again later.',
      },
    ])
    expect(`${log.mock.calls[0]}`).toMatch(reason)
    expect(`${log.mock.calls.flat()}`).not.toContain('s3cret')
    expect((await requestsTo(id)).map(({ path }) => path)).toEqual([`/${kind}/${id}`])
  })

  test.each([
    ['http', 'refuse', 400, 'general_invalid_phone'],
    ['http', 'busy', 503, 'general_phone_disabled'],
    ['twilio', 'twilio-number', 400, 'general_invalid_phone'],
    ['twilio', 'twilio-sender', 503, 'general_phone_disabled'],
    ['twilio', 'refuse', 503, 'general_phone_disabled'],
  ])('over %s that answers as %s is a %i', async (protocol, kind, status, type) => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const url = `${carriers.http}/${kind}/${fresh()}`
    const sms =
      protocol === 'http'
        ? httpSms({ kind: 'http', url }, 'Acme', {})
        : twilioSms({ kind: 'twilio', url }, 'Acme')
    const error = await sms.send(NUMBER, 'x').catch((cause) => cause)
    const wait = kind === 'busy' ? 17 : undefined
    expect([error instanceof AddressRefused, error.retrySeconds]).toEqual([status === 400, wait])
    expect(() => carrierFailed('text message', error)).toThrow(expect.objectContaining({ type }))
  })

  test.each([
    ['posts', (url: string) => httpSms({ kind: 'http', url }, 'Acme', {}, 200)],
    ['speaks to Twilio', (url: string) => twilioSms({ kind: 'twilio', url }, 'Acme', 200)],
  ])('is given up in time where it never answers: %s', async (_, carrier) => {
    const started = performance.now()
    await expect(carrier(`${carriers.http}/hang/${fresh()}`).send(NUMBER, 'x')).rejects.toThrow()
    expect(performance.now() - started).toBeLessThan(2000)
  })

  test('is a 503 where nobody listens', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const settings = { SMS_URL: 'http://127.0.0.1:1/', SMS_FROM: 'Acme' }
    expect((await sending(settings).send()).status).toBe(503)
  })
})

test('is kept in the outbox where no carrier is set, and only there', async () => {
  const world = sending({ MAIL_OUTBOX: 'on' })
  expect((await world.send()).status).toBe(204)
  expect(await world.db.select().from(outbox)).toMatchObject([
    { kind: 'sms', to: NUMBER, subject: '', text: '123456', html: '' },
  ])
  const id = fresh()
  const settings = { SMS_URL: `http://${host}/sms/${id}`, SMS_FROM: 'Acme', MAIL_OUTBOX: 'on' }
  await sending(settings).send()
  expect(await requestsTo(id)).toHaveLength(1)
  expect(await world.db.select().from(outbox)).toHaveLength(1)
})

test('is a 503 where nothing is set, which is known before', async () => {
  expect(await sending({}).send()).toEqual({
    status: 503,
    body: {
      type: 'general_phone_disabled',
      message: 'No SMS carrier is configured, so no text message can be sent.',
    },
  })
  const asking = (settings: Record<string, unknown>) =>
    mailWorld(settings, (c) => c.json(smsConfigured(c))).send()
  expect((await asking({})).body).toBe(false)
  expect((await asking({ MAIL_OUTBOX: 'on' })).body).toBe(true)
  expect((await asking({ SMS_URL: 'https://sms.example.com', SMS_FROM: 'Acme' })).body).toBe(true)
})
