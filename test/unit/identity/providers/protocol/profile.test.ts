import { describe, expect, test } from 'vitest'
import { CLAIMS } from '#/identity/providers/catalog/openid-providers'
import type { ProfileSpec } from '#/identity/providers/catalog/provider'
import { PROVIDERS } from '#/identity/providers/catalog/providers'
import { completeProfile, readProfile } from '#/identity/providers/protocol/profile'

const read = (key: string, document: unknown) => {
  const spec = PROVIDERS.get(key)?.read
  if (!spec) throw new Error(`There is no provider ${key}.`)
  return readProfile(document, spec)
}
const mail = (email: string, more: object = {}) => ({ email, ...more })

describe('which of several addresses counts', () => {
  test.each([
    [
      'the main one, verified',
      [mail('a', { verified: true }), mail('b', { primary: true, verified: true })],
      'b',
      true,
    ],
    [
      'any verified one before an unverified main one',
      [mail('a', { primary: true, verified: false }), mail('b', { verified: true })],
      'b',
      true,
    ],
    [
      'the main one, if none is verified',
      [mail('a', { verified: false }), mail('b', { primary: true, verified: false })],
      'b',
      false,
    ],
    ['the first, if none is the main one', [mail('a'), mail('b')], 'a', false],
    ['none without text', [mail(''), { email: null }, {}, 'x', null], '', false],
    ['none in an empty list', [], '', false],
    ['none in what is no list', { email: 'a' }, '', false],
  ])('%s', (_, emails, email, isVerified) => {
    expect(read('github', { id: 1, emails })).toMatchObject({ email, isVerified })
  })
  test('of Bitly: one verified address says nothing of another', () => {
    const emails = [
      mail('victim@example.com', { is_primary: true, is_verified: false }),
      mail('mine@example.com', { is_verified: true }),
    ]
    expect(read('bitly', { login: 'x', emails })).toMatchObject({
      email: 'mine@example.com',
      isVerified: true,
    })
  })
})

describe('who vouches for an address', () => {
  test.each([
    [true, true],
    ['true', true],
    [1, true],
    ['1', true],
    [false, false],
    ['false', false],
    [0, false],
    ['yes', false],
    [2, false],
    [{}, false],
    [[true], false],
    [null, false],
    [undefined, false],
  ])('%o is %o', (email_verified, isVerified) => {
    const document = { sub: '1', email: 'a@example.com', email_verified }
    expect(readProfile(document, CLAIMS).isVerified).toBe(isVerified)
  })
  test('nobody for an address that is not there', () => {
    expect(readProfile({ sub: '1', email_verified: true }, CLAIMS)).toMatchObject({
      email: '',
      isVerified: false,
    })
  })
  test.each([
    ['gitlab', { id: 1, email: 'a@b.c', confirmed_at: null }, false],
    ['gitlab', { id: 1, email: 'a@b.c', confirmed_at: '' }, false],
    ['zoom', { id: 1, email: 'a@b.c', verified: 0 }, false],
    [
      'kakao',
      { id: 1, kakao_account: { email: 'a@b.c', is_email_valid: false, is_email_verified: true } },
      false,
    ],
    [
      'paypal',
      { payer_id: 1, verified_account: false, emails: [{ value: 'a@b.c', primary: true }] },
      false,
    ],
    [
      'microsoft',
      { id: 1, userPrincipalName: 'a@b.c', email_verified: true, verified: true },
      false,
    ],
    ['facebook', { id: 1, email: 'a@b.c', verified: true, email_verified: true }, false],
    ['podio', { user_id: 1, mails: [{ mail: 'a@b.c', primary: true, verified: false }] }, false],
    [
      'bitbucket',
      { uuid: 1, emails: { values: [{ email: 'a@b.c', is_primary: true, is_confirmed: false }] } },
      false,
    ],
  ])('%s: %o', (key, document, isVerified) => {
    expect(read(key, document)).toMatchObject({ email: 'a@b.c', isVerified })
  })
  test('WordPress: an unverified address is none', () => {
    expect(read('wordpress', { ID: 1, email: 'a@b.c', email_verified: false }).email).toBe('')
  })
})

describe('what is not text', () => {
  const spec: ProfileSpec = { id: 'id', email: 'a.0.email', name: 'first + last | nick' }
  test.each([
    [{}, '', '', ''],
    [null, '', '', ''],
    ['text', '', '', ''],
    [{ id: 0, first: ' Ada ', last: '' }, '0', '', 'Ada'],
    [{ id: true, nick: 'ada', last: 7 }, '', '', '7'],
    [{ id: { toString: 'x' }, nick: 'ada' }, '', '', 'ada'],
    [{ id: 'b', a: [{ email: 'x\0@y.z' }] }, 'b', 'x@y.z', ''],
    [{ id: 'x'.repeat(1025), a: { 0: { email: 'x@y.z' } } }, '', 'x@y.z', ''],
  ])('%o', (document, id, email, name) => {
    expect(readProfile(document, spec)).toEqual({ id, email, isVerified: false, name })
  })
  test.each<[string, unknown, string]>([
    ['an integer', 17, '17'],
    ['a negative integer', -17, '-17'],
    ['an integer beyond doubles', JSON.rawJSON('12345678901234567891'), '12345678901234567891'],
    ['text', 'Ünï|c0de', 'Ünï|c0de'],
    ['text with a space within', 'a b', 'a b'],
    ['a fraction', 1.5, ''],
    ['a fraction that is whole', JSON.rawJSON('1.0'), ''],
    ['an exponent', JSON.rawJSON('1E3'), ''],
    ['a number that overflows', JSON.rawJSON('1e400'), ''],
    ['minus zero', JSON.rawJSON('-0'), ''],
    ['a large number that JavaScript prints with an exponent', 1e21, ''],
    ['text with NUL, which the database drops', 'a\0b', ''],
    ['text with half of a surrogate pair', 'a\ud800', ''],
    ['text that was not UTF-8', 'a\ufffd', ''],
    ['text with white space at its start', ' a', ''],
    ['text with white space at its end', 'a\u00a0', ''],
    ['a list', ['a'], ''],
    ['truth', true, ''],
  ])('an ID that is %s is exact or none', (_, id, expected) => {
    expect(readProfile({ id }, { id: 'id' }).id).toBe(expected)
    expect(readProfile({ deep: [{ id }] }, { id: 'deep.0.id' }).id).toBe(expected)
  })
  test.each<[unknown, string]>([
    [{ sub: 1.5, id: 'a' }, ''],
    [{ sub: ' ', id: 'a' }, ''],
    [{ sub: '', id: 'a' }, 'a'],
    [{ sub: null, id: 'a' }, 'a'],
    [{ id: 'a' }, 'a'],
  ])('an ID that is refused is not looked for elsewhere: %j', (document, expected) => {
    expect(readProfile(document, { id: 'sub | id' }).id).toBe(expected)
  })
  test.each<[unknown, string]>([
    [{ a: 'x', b: 'y' }, 'x y'],
    [{ a: 'x y', b: 'z' }, ''],
    [{ a: 'x' }, ''],
    [{ b: 'x' }, ''],
    [{ a: 'x', b: 1.5 }, ''],
  ])('an ID of two texts is whole and says which is which: %j', (document, expected) => {
    expect(readProfile(document, { id: 'a + b' }).id).toBe(expected)
  })
  test('is never found on the way to nowhere', () => {
    for (const place of ['constructor.name', '__proto__.x', 'id.length', 'toString']) {
      expect(readProfile({ id: 'x' }, { id: place }).id).toBe('')
    }
  })
})

test.each([
  ['ada_example.com#EXT#@acme.onmicrosoft.com', 'ada@example.com', 'ada@example.com'],
  ['ada_example.com#ext#@acme.onmicrosoft.com', null, ''],
  ['ada@acme.example.com', 'other@example.com', 'ada@acme.example.com'],
  ['ada#1@acme.example.com', 'other@example.com', 'ada#1@acme.example.com'],
])('of the principal %s at Microsoft and the mail %s, takes %s', (principal, mail, email) => {
  const spec = PROVIDERS.get('microsoft')?.read ?? { id: '' }
  const document = { id: 'u1', userPrincipalName: principal, mail }
  expect(readProfile(document, spec)).toEqual({ id: 'u1', email, isVerified: false, name: '' })
})

test('takes no guest’s principal from a list', () => {
  const spec = { id: 'id', emails: { list: 'all', address: 'at', verified: 'ok' } }
  const all = [{ at: 'a_b.example#EXT#@c.example', ok: true }, { at: 'a@b.example' }]
  expect(readProfile({ id: '1', all }, spec)).toMatchObject({
    ...{ email: 'a@b.example', isVerified: false },
  })
})

test.each([
  [{ email: 'a@x.example', ok: false }, { email: 'a@x.example', ok: true }, ['a@x.example', false]],
  [{ email: 'a@x.example' }, { email: 'b@x.example', ok: true }, ['a@x.example', false]],
  [{ email: 'a@x.example' }, { email: 'A@X.example', ok: true }, ['a@x.example', true]],
  [{ email: 'a@x.example', ok: true }, { email: 'b@x.example' }, ['a@x.example', true]],
  [{ ok: true }, { email: 'b@x.example' }, ['b@x.example', false]],
  [{ ok: false }, { email: 'b@x.example', ok: true }, ['b@x.example', false]],
  [{}, { email: 'b@x.example', ok: true }, ['b@x.example', true]],
  [{}, { ok: true }, ['', false]],
])('the profile %j and the claims %j come to %j', (document, claims, [email, isVerified]) => {
  const spec = { id: 'id', email: 'email', verified: 'ok' }
  expect(completeProfile(document, claims, spec)).toMatchObject({ email, isVerified })
})
