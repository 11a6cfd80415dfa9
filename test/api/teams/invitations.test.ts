import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { identities, memberships, outbox, platforms, targets, users } from '#/db/schema'
import { invitationLink } from '#/identity/teams/invitations'
import { after, wire } from '#test/support/clock'
import {
  acceptAs,
  founded,
  invitesOf,
  inviteTo,
  joined,
  LATER,
  linkTo,
  membershipRow,
  membershipsOf,
  messageTo,
  newEmail,
  readLink,
  teamRow,
  teamWorld,
  userByEmail,
} from '#test/support/teams'
import { GUEST_HEADERS, type Json, NOW, ROOT, type World } from '#test/support/world'

const newPhone = () => `+4930${Math.floor(1e7 + Math.random() * 8e7)}`
const HEX_256 = /^[0-9a-f]{256}$/

describe('the link', () => {
  const added = { membershipId: 'm', teamName: 'Red & blue +é' }
  const query = 'membershipId=m&teamName=Red+%26+blue+%2B%C3%A9'
  test.each([
    ['https://a.example', `https://a.example/?${query}`],
    ['https://a.example/x?y=1', `https://a.example/x?y=1&${query}`],
    [
      'https://a.example/?membershipId=old&y=1&membershipId=older',
      'https://a.example/?membershipId=m&y=1&teamName=Red+%26+blue+%2B%C3%A9',
    ],
    ['https://u:p@a.example:8443/x#part', `https://u:p@a.example:8443/x?${query}#part`],
    ['http://localhost:3000/?a=b%20c&a=d', `http://localhost:3000/?a=b+c&a=d&${query}`],
    ['appwrite-callback-edgewrite://join', `appwrite-callback-edgewrite://join?${query}`],
    ['exp://127.0.0.1:19000/--/join?x=1', `exp://127.0.0.1:19000/--/join?x=1&${query}`],
  ])('in %s', (url, link) => {
    expect(invitationLink(url, added)).toBe(link)
  })
})

describe('an owner invites', () => {
  test('a stranger by e-mail, who becomes a user and gets a mail', async () => {
    const w = await teamWorld()
    const { team, owner, at } = await founded(w, { name: 'Red <b>team</b>' })
    const email = newEmail()
    const { status, body, trips } = await inviteTo(w, at, owner.headers, {
      ...{ email: ` ${email.toUpperCase()} `, roles: ['dev', 'dev'] },
      url: 'http://localhost:3000/join?from=mail#here',
    })
    const user = await userByEmail(w, email)
    expect([status, trips]).toEqual([201, 4]) // the outbox is one of them
    expect(body).toMatchObject({
      ...{ userId: user?.id, userName: email, userEmail: email, userPhone: '', mfa: false },
      ...{ teamId: team.id, teamName: team.name, joined: '', confirm: false },
      ...{ userAccessedAt: '', roles: ['dev', 'dev'] },
    })
    expect(JSON.stringify(body)).not.toMatch(/[0-9a-f]{64}/)
    expect(user).toMatchObject({
      ...{ name: email, hash: 'argon2', passwordUpdate: null, passwordHistory: [], status: true },
      ...{ emailVerification: false, emailCanonical: email, phone: null, accessedAt: null },
      password: expect.stringMatching(/^\$argon2id\$v=19\$m=7168,t=5,p=1\$/),
    })
    expect(
      await w.db
        .select()
        .from(targets)
        .where(eq(targets.userId, user?.id ?? '')),
    ).toEqual([])
    expect((await teamRow(w, team.id))?.total).toBe(1)

    const mail = await messageTo(w, email)
    expect(mail).toMatchObject({ kind: 'mail', to: email })
    expect(mail?.html).toContain('Olga Owner')
    expect(mail?.html).not.toContain('<b>team</b>')
    const link = await linkTo(w, email)
    expect(`${link.origin}${link.pathname}${link.hash}`).toBe('http://localhost:3000/join#here')
    expect(link.searchParams.get('from')).toBe('mail')
    const fields = readLink(link)
    expect(fields).toEqual({
      ...{ teamId: team.id, membershipId: body.$id, userId: user?.id, teamName: team.name },
      secret: expect.stringMatching(HEX_256),
    })
    const stored = await invitesOf(w, body.$id)
    expect(stored).toHaveLength(1)
    expect(stored[0]).toMatchObject({ purpose: 'invite', expiresAt: null, userId: user?.id })
    expect(JSON.stringify(stored)).not.toContain(fields.secret)
  })

  test('a stranger under a name', async () => {
    const w = await teamWorld()
    const { owner, at } = await founded(w)
    const email = newEmail()
    const { body } = await inviteTo(w, at, owner.headers, { email, name: 'Nora New' })
    expect(body).toMatchObject({ userName: 'Nora New', userEmail: email })
    expect((await messageTo(w, email))?.text).toContain('Nora New')
  })

  test('by phone: the message is the link alone', async () => {
    const w = await teamWorld()
    const { owner, at } = await founded(w)
    const phone = newPhone()
    const { status, body } = await inviteTo(w, at, owner.headers, { phone })
    expect([status, body.userName, body.userEmail, body.userPhone]).toEqual([201, '', '', ''])
    const message = await messageTo(w, phone)
    expect(message?.kind).toBe('sms')
    expect(readLink(new URL(message?.text ?? '')).membershipId).toBe(body.$id)
  })

  test('by both addresses: a mail goes out, no text message', async () => {
    const w = await teamWorld()
    const { owner, at } = await founded(w)
    const [email, phone] = [newEmail(), newPhone()]
    expect((await inviteTo(w, at, owner.headers, { email, phone })).status).toBe(201)
    expect((await userByEmail(w, email))?.phone).toBe(phone)
    expect(await messageTo(w, email)).toMatchObject({ kind: 'mail' })
    expect(await messageTo(w, phone)).toBeUndefined()
  })

  test('a user by ID, in three round trips and a mail; what they are called stays', async () => {
    const w = await teamWorld()
    const { owner, at } = await founded(w)
    const email = newEmail()
    const user = await w.user({ email, name: 'Ada' })
    const { status, body, trips } = await inviteTo(w, at, owner.headers, {
      ...{ userId: user.id, email, name: 'Somebody else' },
    })
    expect([status, trips]).toEqual([201, 4])
    expect(body).toMatchObject({ userId: user.id, userName: 'Ada', userEmail: email })
    expect((await messageTo(w, email))?.text).toContain('Ada')
    expect(await userByEmail(w, email)).toEqual(user)
  })

  test('somebody without an address: nothing is sent', async () => {
    const w = await teamWorld()
    const { owner, at } = await founded(w)
    const { id: userId } = await w.user()
    const before = (await w.db.select().from(outbox)).length
    const { status, body } = await inviteTo(w, at, owner.headers, { userId })
    expect([status, body.confirm]).toEqual([201, false])
    expect((await w.db.select().from(outbox)).length).toBe(before)
  })

  test('again: the roles stay, the newest link alone is good', async () => {
    let moment = LATER
    const w = await teamWorld({}, () => moment)
    const { owner, team, at } = await founded(w)
    const email = newEmail()
    const first = await inviteTo(w, at, owner.headers, { email, roles: ['dev'] })
    const old = readLink(await linkTo(w, email))
    moment = after(0.5)
    const again = await inviteTo(w, at, owner.headers, { email, roles: ['owner'] })
    const link = readLink(await linkTo(w, email))
    expect([again.status, again.body.$id, again.body.roles]).toEqual([201, first.body.$id, ['dev']])
    expect([first.body.invited, again.body.invited]).toEqual([wire(LATER), wire(moment)])
    expect(link.secret).not.toBe(old.secret)
    expect(await membershipsOf(w, team.id)).toHaveLength(2)
    expect(await invitesOf(w, first.body.$id)).toHaveLength(1)
    expect((await acceptAs(w, old)).body.type).toBe('team_invalid_secret')
    expect((await acceptAs(w, link)).status).toBe(200)
  })

  test('in the language of the request', async () => {
    const w = await teamWorld()
    const { owner, at } = await founded(w)
    const email = newEmail()
    await inviteTo(w, at, { ...owner.headers, 'X-Appwrite-Locale': 'de' }, { email })
    const german = await messageTo(w, email)
    await inviteTo(w, at, owner.headers, { email })
    expect(german?.html).toContain('lang="de"')
    expect((await messageTo(w, email))?.subject).not.toBe(german?.subject)
  })
})

test('known and unknown addresses are answered alike, for the same work', async () => {
  const w = await teamWorld()
  const { owner, at } = await founded(w)
  const [known, unknown] = [newEmail(), newEmail()]
  await w.user({ email: known, name: known })
  const answers = []
  for (const email of [known, unknown]) {
    const { status, body, trips } = await inviteTo(w, at, owner.headers, { email })
    const { $id, $createdAt, $updatedAt, invited, userId, userName, userEmail, ...rest } = body
    expect([userName, userEmail]).toEqual([email, email])
    expect([$id, userId, $createdAt, $updatedAt, invited].every(Boolean)).toBe(true)
    expect((await messageTo(w, email))?.kind).toBe('mail')
    answers.push({ status, trips, rest })
  }
  expect(answers[0]).toEqual(answers[1])
})

describe('a key', () => {
  test('adds a member at once, and sends nothing', async () => {
    const w = await teamWorld({ MAIL_OUTBOX: 'off' })
    const { team, at } = await founded(w)
    const email = newEmail()
    const fields = { email, roles: ['x'.repeat(81)], url: 'http://localhost/ignored' }
    const { status, body, trips } = await w.send('post', `${at}/memberships`, fields)
    expect([status, trips]).toEqual([201, 2])
    expect(body).toMatchObject({ confirm: true, userEmail: email, roles: fields.roles })
    expect([body.joined, body.invited]).toEqual([body.$createdAt, body.$createdAt])
    expect((await teamRow(w, team.id))?.total).toBe(2)
    expect(await messageTo(w, email)).toBeUndefined()
    expect(await invitesOf(w, body.$id)).toEqual([])
    const again = await w.send('post', `${at}/memberships`, fields)
    expect([again.status, again.body.type]).toEqual([409, 'membership_already_confirmed'])
    expect((await teamRow(w, team.id))?.total).toBe(2)
  })

  test('confirms a pending member, who counts then, and whose link is void', async () => {
    const w = await teamWorld()
    const { team, owner, at } = await founded(w)
    const email = newEmail()
    const invited = await inviteTo(w, at, owner.headers, { email, roles: ['dev'] })
    const link = readLink(await linkTo(w, email))
    const { status, body } = await w.send('post', `${at}/memberships`, { email, roles: ['x'] })
    expect([status, body.$id, body.confirm, body.roles]).toEqual([
      ...[201, invited.body.$id, true, ['dev']],
    ])
    expect(body.joined).toBe(body.invited)
    expect((await teamRow(w, team.id))?.total).toBe(2)
    expect((await acceptAs(w, link)).body.type).toBe('team_invalid_secret')
    expect((await teamRow(w, team.id))?.total).toBe(2)
  })

  test('is not stopped by the limit of users, nor by the switch for invitations', async () => {
    const w = await teamWorld()
    const { owner, at } = await founded(w)
    await w.set('userLimit', 1)
    await w.set('method:invites', false)
    const byKey = await w.send('post', `${at}/memberships`, { email: newEmail(), roles: [] })
    const byOwner = await inviteTo(w, at, owner.headers, { email: newEmail() })
    await w.set('userLimit', 0)
    await w.set('method:invites', true)
    expect(byKey.status).toBe(201)
    expect([byOwner.status, byOwner.body.type]).toEqual([501, 'user_auth_method_unsupported'])
  })
})

describe('refusals', () => {
  const typeOf = ({ status, body }: { status: number; body: Json }) => [status, body.type]

  test.each([
    [{ userId: 'u', url: undefined }],
    [{ userId: 'u', url: 'https://evil.example/' }],
    [{ userId: 'u', url: '' }],
    [{ userId: 'u', url: 'javascript:alert(1)' }],
    [{}],
    [{ email: '' }],
    [{ email: 'nobody' }],
    [{ phone: '030123456' }],
    [{ userId: '' }],
    [{ email: 'a@b.example', name: '' }],
    [{ email: 'a@b.example', name: 'x'.repeat(129) }],
    [{ email: 'a@b.example', roles: undefined }],
    [{ email: 'a@b.example', roles: ['x'.repeat(82)] }],
    [{ email: 'a@b.example', roles: Array(101).fill('a') }],
  ])('of %j come first', async (fields) => {
    const w = await teamWorld({ MAIL_OUTBOX: 'off' })
    const { headers } = await w.signedIn()
    const answer = await inviteTo(w, '/teams/nowhere', headers, fields)
    expect(typeOf(answer)).toEqual([400, 'general_argument_invalid'])
  })

  test('a key may leave the url out, but not send a bad one', async () => {
    const w = await teamWorld()
    const { at } = await founded(w)
    const fields = { email: newEmail(), roles: [], url: 'https://evil.example' }
    expect(typeOf(await w.send('post', `${at}/memberships`, fields))).toEqual([
      ...[400, 'general_argument_invalid'],
    ])
    expect(await userByEmail(w, fields.email)).toBeUndefined()
  })

  test('a link may lead to any registered platform', async () => {
    const w = await teamWorld()
    const { owner, at } = await founded(w)
    const fields = { email: newEmail(), url: 'https://web.example/join' }
    expect((await inviteTo(w, at, owner.headers, fields)).status).toBe(400)
    const times = { createdAt: NOW, updatedAt: NOW }
    const platform = { id: 'web', name: 'Web', type: 'web', identifier: 'web.example' } as const
    await w.db.insert(platforms).values({ ...platform, ...times })
    expect((await inviteTo(w, at, owner.headers, fields)).status).toBe(201)
  })

  test('without a mail carrier owners invite nobody, by phone neither, in whatever team', async () => {
    const w = await teamWorld({ MAIL_OUTBOX: 'off' })
    const { headers } = await w.signedIn()
    const answer = await inviteTo(w, '/teams/nowhere', headers, { phone: newPhone() })
    expect(typeOf(answer)).toEqual([503, 'general_smtp_disabled'])
  })

  test('go on in order: team, owner, user, contradictions, confirmed', async () => {
    const w = await teamWorld()
    const { team, owner, at } = await founded(w)
    const member = await joined(w, team.id)
    const stranger = await w.signedIn()
    const user = await w.user({ email: newEmail(), phone: newPhone() })
    const here = await w.user({ email: newEmail() })
    await w.member(team.id, here.id)
    const ask = async (headers: Record<string, string>, fields: Json) =>
      typeOf(await inviteTo(w, at, headers, fields))
    const nobody = { userId: 'nobody' }
    expect(await ask(GUEST_HEADERS, nobody)).toEqual([401, 'general_unauthorized_scope'])
    expect(await ask(stranger.headers, nobody)).toEqual([404, 'team_not_found'])
    expect(await ask(member.headers, nobody)).toEqual([401, 'user_unauthorized'])
    expect(await ask(owner.headers, nobody)).toEqual([404, 'user_not_found'])
    expect(await ask(ROOT, nobody)).toEqual([404, 'user_not_found'])
    const exists = [409, 'user_already_exists']
    expect(await ask(owner.headers, { userId: user.id, email: newEmail() })).toEqual(exists)
    expect(await ask(owner.headers, { userId: user.id, phone: newPhone() })).toEqual(exists)
    expect(await ask(owner.headers, { email: user.email, phone: newPhone() })).toEqual(exists)
    expect(await ask(owner.headers, { email: here.email, phone: user.phone })).toEqual(exists)
    expect(await ask(owner.headers, { email: newEmail(), phone: user.phone })).toEqual(exists)
    expect(await ask(owner.headers, { email: here.email })).toEqual([
      ...[409, 'membership_already_confirmed'],
    ])
    expect(await ask(owner.headers, { email: user.email, phone: user.phone })).toEqual([
      ...[201, undefined],
    ])
  })

  test('no more users than the owner of the project allows, by invitation neither', async () => {
    const w = await teamWorld()
    const { owner, at } = await founded(w)
    const email = newEmail()
    const known = await w.user({ email: newEmail() })
    await w.set('userLimit', 1)
    const answer = await inviteTo(w, at, owner.headers, { email })
    const toKnown = await inviteTo(w, at, owner.headers, { email: known.email })
    await w.set('userLimit', 0)
    expect(typeOf(answer)).toEqual([400, 'user_count_exceeded'])
    expect(await userByEmail(w, email)).toBeUndefined()
    expect(toKnown.status).toBe(201)
  })

  test('an address that somebody has at a sign-in provider makes no second user', async () => {
    const w = await teamWorld()
    const { owner, at } = await founded(w)
    const email = newEmail()
    const { id: userId } = await w.user()
    const tokens = { providerAccessToken: '', providerRefreshToken: '' }
    const made = { createdAt: NOW, updatedAt: NOW }
    await w.db.insert(identities).values({
      ...{ id: crypto.randomUUID(), userId, provider: 'github', providerUid: email },
      ...{ providerEmail: email, ...tokens, ...made },
    })
    for (const headers of [owner.headers, ROOT]) {
      const answer = await inviteTo(w, at, headers, { email })
      expect(typeOf(answer)).toEqual([409, 'user_email_already_exists'])
    }
  })

  test.each([
    ['denyDisposableEmails', 'a@mailinator.com', 'user_email_disposable'],
    ['denyAliasedEmails', 'a+b@gmail.com', 'user_email_not_canonical'],
    ['denyFreeEmails', 'a@gmail.com', 'user_email_free'],
    ['onlyCorporateEmails', 'a@gmail.com', 'user_email_not_corporate'],
  ])('%s holds for new addresses', async (policy, email, type) => {
    const w = await teamWorld()
    const { owner, at } = await founded(w)
    await w.set(policy, true)
    const answers = [
      await inviteTo(w, at, owner.headers, { email }),
      await w.send('post', `${at}/memberships`, { email, roles: [] }),
    ]
    await w.set(policy, false)
    expect(answers.map(typeOf)).toEqual([
      [400, type],
      [400, type],
    ])
    expect(await userByEmail(w, email)).toBeUndefined()
  })

  test('without an SMS carrier nobody is invited by phone alone, and no user is made', async () => {
    const mail = { SMTP_URL: 'smtp://127.0.0.1:9', MAIL_FROM: 'a@example.com' }
    const w = await teamWorld({ MAIL_OUTBOX: 'off', ...mail })
    const { owner, at } = await founded(w)
    const phone = newPhone()
    const answer = await inviteTo(w, at, owner.headers, { phone })
    expect(typeOf(answer)).toEqual([503, 'general_phone_disabled'])
    expect(await w.db.select().from(users).where(eq(users.phone, phone))).toEqual([])
  })
})

test('a carrier that fails is reported, and the invitation can be sent again', async () => {
  const broken = await teamWorld({
    ...{ MAIL_OUTBOX: 'off', SMTP_URL: 'smtp://127.0.0.1:9', MAIL_FROM: 'a@example.com' },
  })
  const { owner, team, at } = await founded(broken)
  const email = newEmail()
  const failed = await inviteTo(broken, at, owner.headers, { email, roles: ['dev'] })
  expect([failed.status, failed.body.type]).toEqual([503, 'general_smtp_disabled'])
  const [pending] = (await membershipsOf(broken, team.id)).filter(({ confirm }) => !confirm)
  expect(pending).toMatchObject({ roles: ['dev'], joined: null })
  const w: World = await teamWorld()
  const again = await inviteTo(w, at, owner.headers, { email })
  expect([again.status, again.body.$id]).toEqual([201, pending?.id])
  expect((await acceptAs(w, readLink(await linkTo(w, email)))).status).toBe(200)
  expect(await membershipRow(w, pending?.id ?? '')).toMatchObject({ confirm: true })
  expect(await w.db.select().from(memberships).where(eq(memberships.teamId, team.id))).toHaveLength(
    2,
  )
})
