import { beforeEach, describe, expect, test } from 'vitest'
import { oneTimeSecrets } from '#/db/schema'
import { outbox } from '#/db/schema/mail'
import { setUpOidc } from '#test/support/oauth2'
import { outcome } from '#test/support/project'
import { type Answer, GUEST_HEADERS, type World, world } from '#test/support/world'

type Way = (w: World, url: string) => Promise<Answer>
const OK = 'https://app.example.com/next'
const email = () => `${crypto.randomUUID()}@example.com`

const opened = () => world({ MAIL_OUTBOX: 'on', RATE_LIMITS: 'off', PLATFORMS: 'app.example.com' })

const oauth2 =
  (end: 'success' | 'failure', kind: 'sessions' | 'tokens'): Way =>
  async (w, url) => {
    await setUpOidc(w)
    return w.send(
      'get',
      `/account/${kind}/oauth2/oidc?${new URLSearchParams({ [end]: url })}`,
      undefined,
      { ...GUEST_HEADERS, Accept: 'application/json' },
    )
  }

/** Every parameter that says where a browser is sent. */
const WAYS: Record<string, Way> = {
  'the link of a recovery': async (w, url) => {
    const user = await w.user({ email: email() })
    return w.send('post', '/account/recovery', { email: user.email, url }, GUEST_HEADERS)
  },
  'the link of a verification': async (w, url) => {
    const { headers } = await w.signedIn({ email: email() })
    return w.send('post', '/account/verifications/email', { url }, headers)
  },
  'a magic link': async (w, url) =>
    w.send(
      'post',
      '/account/tokens/magic-url',
      { userId: 'unique()', email: email(), url },
      GUEST_HEADERS,
    ),
  'an invitation': async (w, url) => {
    const { user, headers } = await w.signedIn()
    const team = await w.team()
    await w.member(team.id, user.id, { roles: ['owner'] })
    const asked = { email: email(), roles: [], url }
    return w.send('post', `/teams/${team.id}/memberships`, asked, headers)
  },
  'an invitation by a key': async (w, url) => {
    const team = await w.team()
    return w.send('post', `/teams/${team.id}/memberships`, { email: email(), roles: [], url })
  },
  'the end of a sign-in by a provider': oauth2('success', 'sessions'),
  'its failure': oauth2('failure', 'sessions'),
  'the end of one for a token': oauth2('success', 'tokens'),
  'the failure of that': oauth2('failure', 'tokens'),
}

const BAD = [
  ...[`\u00a0${OK}`, `${OK}\u00a0`, `\ufeff${OK}`, `${OK}\ufeff`, `\u2003${OK}`, `\u200b${OK}`],
  ...[`\r\n${OK}`, `${OK}\r\n`, `\t${OK}`, ` ${OK}`, `${OK} `, `\u0000${OK}`, `${OK}\r\nX-Evil: 1`],
  ...['https://app.exam\tple.com/', 'ht\ntps://app.example.com/', 'https:\\\\app.example.com/'],
  ...['https://evil.example\\@app.example.com/', 'https://app.example.com\\.evil.example/'],
  ...[`${OK}?x=\\`, '/\\app.example.com', '//app.example.com', 'app.example.com', '/next', ''],
  ...['https://app.example.com@evil.example/', 'https://evil.example/#app.example.com'],
  ...['https://app.example.com.evil.example/', 'https://app。example。com。evil.example/'],
  ...['javascript:alert(1)//app.example.com', 'javascript://app.example.com/%0aalert(1)'],
  ...['data:text/html,x', 'file://app.example.com/', 'blob:https://app.example.com/x'],
  ...['https://127.0.0.2/', 'https://10.0.0.1/', 'https://2130706434/', 'http://0/'],
]

const keptIn = async (w: World) => ({
  mails: await w.db.$count(outbox),
  secrets: await w.db.$count(oneTimeSecrets),
})

describe.each(Object.entries(WAYS))('%s', (_, ask) => {
  let w: World
  beforeEach(async () => {
    w = await opened()
    await w.db.delete(outbox)
  })

  test('leads nowhere but to a client of the project; else nothing is made or mailed', async () => {
    const before = await keptIn(w)
    for (const url of BAD) {
      expect(outcome(await ask(w, url)), url).toEqual([400, 'general_argument_invalid'])
    }
    expect(await keptIn(w)).toEqual(before)
  })
  test('is what was checked, in the spelling of its parser', async () => {
    for (const url of ['HTTPS://APP.Example.COM:443/next', 'https://app。example。com/next']) {
      const answer = await ask(w, url)
      expect(answer.status, url).toBeLessThan(400)
      expect(answer.headers.get('location') ?? '').not.toContain('。')
    }
    const mails = await w.db.select().from(outbox)
    for (const { html } of mails) expect(html).toContain('https://app.example.com/next')
  })
})
