import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, test } from 'vitest'
import { outbox } from '#/db/schema/mail'
import { outboxMailer } from '#/messaging/mail/outbox-store'
import { outboxSms } from '#/messaging/sms/sms'
import { NOW } from '#test/support/clock'
import { mailWorld } from '#test/support/mail'

const ON = { MAIL_OUTBOX: 'on' }
const MAIL = {
  date: NOW,
  to: 'bob@example.com',
  from: 'no-reply@acme.example',
  subject: 'Hello <b>Bob</b>',
  text: 'Go to https://app.example.com/a?b=1&c=2 or https://app.example.com/a?b=1&c=2\n<javascript:alert(1)>',
  html: '<p class="x">Hi "Bob" &amp; <script>alert(1)</script></p>',
}

beforeEach(async () => {
  await mailWorld(ON).db.delete(outbox)
})

/** Returns the messages as scripts read them. */
const read = async (world: ReturnType<typeof mailWorld>) =>
  JSON.parse((await world.fetch('/outbox.json')).text)

test('shows what was kept, newest first', async () => {
  const world = mailWorld(ON)
  await outboxMailer(world.db).send(MAIL)
  await outboxSms(world.db, NOW).send('+15550100', '123456')
  const messages = await read(world)
  expect(messages).toEqual([
    {
      id: messages[1].id + 1,
      kind: 'sms',
      to: '+15550100',
      subject: '',
      text: '123456',
      html: '',
      createdAt: NOW.toISOString(),
    },
    {
      id: expect.any(Number),
      kind: 'mail',
      to: 'bob@example.com',
      subject: 'Hello <b>Bob</b>',
      text: MAIL.text,
      html: MAIL.html,
      createdAt: NOW.toISOString(),
    },
  ])
})

test('keeps the newest 200 messages', async () => {
  const world = mailWorld(ON)
  const sms = outboxSms(world.db, NOW)
  for (let number = 1; number <= 205; number++) await sms.send('+15550100', `${number}`)
  const messages: { text: string }[] = await read(world)
  expect(messages.map(({ text }) => text)).toEqual(
    Array.from({ length: 200 }, (_, index) => `${205 - index}`),
  )
})

test('is emptied', async () => {
  const world = mailWorld(ON)
  await outboxSms(world.db, NOW).send('+15550100', '123456')
  expect((await world.fetch('/outbox', { method: 'DELETE' })).status).toBe(204)
  expect(await read(world)).toEqual([])
  expect((await world.fetch('/outbox')).text).toContain('There are none yet.')
})

describe('the pages', () => {
  test('escape everything, and run nothing', async () => {
    const world = mailWorld(ON)
    await outboxMailer(world.db).send({ ...MAIL, to: '<img src=x>@example.com' })
    const [{ id }] = await read(world)
    const list = await world.fetch('/outbox')
    expect(list.text).toContain(`<a href="/outbox/${id}">Hello &lt;b&gt;Bob&lt;/b&gt;</a>`)
    expect(list.text).toContain('&lt;img src=x&gt;@example.com')
    const page = await world.fetch(`/outbox/${id}`)
    expect(page.text).toContain(
      'srcdoc="&lt;p class=&quot;x&quot;&gt;Hi &quot;Bob&quot; &amp;amp; &lt;script&gt;alert(1)&lt;/script&gt;&lt;/p&gt;"',
    )
    for (const { text, headers } of [list, page]) {
      expect(text).not.toMatch(/<script|<img|<b>/)
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none';.*frame-ancestors 'none'/,
      )
      expect(headers.get('content-security-policy')).not.toContain('script-src')
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('content-type')).toMatch(/^text\/html/i)
    }
    expect(page.text).toMatch(/<iframe [^>]*sandbox="allow-popups allow-popups-to-escape-sandbox"/)
  })

  test('list the web addresses of a message once each, and no other', async () => {
    const world = mailWorld(ON)
    await outboxMailer(world.db).send(MAIL)
    const [{ id }] = await read(world)
    const { text } = await world.fetch(`/outbox/${id}`)
    const links = [...text.matchAll(/<li><a href="([^"]*)"/g)].map(([, link]) => link)
    expect(links).toEqual(['https://app.example.com/a?b=1&amp;c=2'])
  })

  test('show a text message', async () => {
    const world = mailWorld(ON)
    await outboxSms(world.db, NOW).send('+15550100', '123456')
    const [{ id }] = await read(world)
    const { text } = await world.fetch(`/outbox/${id}`)
    expect(text).toContain('Text message to +15550100')
    expect(text).toContain('<pre dir="auto">123456</pre>')
    expect(text).not.toContain('<iframe')
  })

  test.each(['/outbox/0', '/outbox/999999999999', '/outbox/x', '/outbox/1e3'])(
    'have none for %s',
    async (path) => {
      expect((await mailWorld(ON).fetch(path)).status).toBe(404)
    },
  )
})

describe('is not there', () => {
  const calls = [
    ['/outbox', {}],
    ['/outbox.json', {}],
    ['/outbox/1', {}],
    ['/outbox', { method: 'DELETE' }],
  ] as const

  test.each(calls)('where it is not switched on: %s %j', async (path, init) => {
    const world = mailWorld({})
    await outboxSms(world.db, NOW).send('+15550100', '123456')
    const { status, text } = await world.fetch(path, init)
    expect([status, JSON.parse(text).type]).toEqual([404, 'general_route_not_found'])
    expect(await mailWorld(ON).db.select().from(outbox)).toHaveLength(1)
  })
})

describe('away from loopback', () => {
  const places = [
    ...['http://api.example.com', 'https://edgewrite.acme.workers.dev', 'http://192.168.1.5'],
    ...['http://localhost.example.com', 'http://127.0.0.1.example.com'],
  ]
  const paths = ['/outbox', '/outbox.json', '/outbox/1']
  const basic = (password: string) => ({
    headers: { Authorization: `Basic ${btoa(`x:${password}`)}` },
  })

  test.each(places)('%s asks for the key of the deployment', async (origin) => {
    const world = mailWorld(ON)
    await outboxSms(world.db, NOW).send('+15550100', '123456')
    for (const init of [{}, basic(''), basic(`${env.API_KEY}0`)]) {
      for (const path of paths) {
        const { status, headers, text } = await world.fetch(path, init, origin)
        expect([status, headers.get('www-authenticate')]).toEqual([
          401,
          'Basic realm="Edgewrite outbox"',
        ])
        expect(text).not.toContain('123456')
      }
      expect((await world.fetch('/outbox', { ...init, method: 'DELETE' }, origin)).status).toBe(401)
    }
    expect(await read(world)).toHaveLength(1)
  })
  test('shows its messages to who has it', async () => {
    const world = mailWorld(ON)
    await outboxSms(world.db, NOW).send('+15550100', '123456')
    const { status, text } = await world.fetch('/outbox', basic(env.API_KEY), places[1])
    expect([status, text.includes('+15550100')]).toEqual([200, true])
  })
  test('is not there at all where it is off, key or not', async () => {
    const { status } = await mailWorld({}).fetch('/outbox', basic(env.API_KEY), places[1])
    expect(status).toBe(404)
  })
})

test('is not emptied by a page of somebody else', async () => {
  const world = mailWorld(ON)
  await outboxSms(world.db, NOW).send('+15550100', '123456')
  const init = { method: 'DELETE', headers: { Origin: 'https://evil.example' } }
  expect((await world.fetch('/outbox', init)).status).toBe(403)
  expect(await read(world)).toHaveLength(1)
})
