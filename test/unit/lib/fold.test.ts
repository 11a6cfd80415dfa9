import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { fold, isAscii, lowerAscii } from '#/lib/fold'

test.each([
  ['', ''],
  ['Plain TEXT 1', 'plain text 1'],
  ['Straße', 'strasse'],
  ['ẞ', 'ss'],
  ['Nguyễn', 'nguyen'],
  ['İIıi', 'iiii'],
  ['ŁÓDŹ Ærø Đặng œuvre', 'lodz aero dang oeuvre'],
  ['ﬁ ﬄ ŉ Ǆ', 'fi ffl ʼn dz'],
  ['ＡＢＣ①™', 'abc1tm'],
  ['Пушкин Ёж край', 'пушкин еж край'],
  ['ΟΔΟΣ Όμηρος ᾳ ᾼ', 'οδοσ ομηροσ αι αι'],
  ['שָׁלוֹם', 'שלום'],
  ['مُحَمَّد أحمد ـحـ', 'محمد احمد ح'],
  ['முருகன் மீனா', 'முருகன் மீனா'],
  ['क़लम', 'क़लम'],
  ['ใจดี น้ำ', 'ใจดี น้ํา'],
  ['ｶﾞが', 'ガが'],
  ['한국'.normalize('NFD'), '한국'],
  ['👩‍👩‍👧 ❤️', '👩👩👧 ❤'],
  ['a\0b\u0001c', 'a b c'],
])('folds %j to %j', (text, folded) => expect(fold(text)).toBe(folded))

test.each([
  ['й', 'и'],
  ['が', 'か'],
  ['மீ', 'மு'],
  ['ดี', 'ด'],
  ['ŋ', 'n'],
  ['þ', 't'],
  ['क', 'क़'],
])('keeps %s apart from %s', (one, other) => expect(fold(one)).not.toBe(fold(other)))

test.each(['\u0301', '\u200b', '\u0640', '\ufe0f'])('never makes %j empty', (text) =>
  expect(fold(text)).not.toBe(''),
)

/** Letters that nothing folds, and what is none, in large numbers. */
const WHOLE = /\p{Unified_Ideograph}|\p{Script=Tangut}|\p{Co}|\p{Cn}|[\uac01-\ud7a3]/u

describe('every character', () => {
  const characters = Array.from({ length: 0x110000 }, (_, code) => code)
    .filter((code) => code < 0xd800 || code > 0xdfff)
    .map((code) => String.fromCodePoint(code))
    .filter((one) => !WHOLE.test(one))
  test('is folded once and for all', () => {
    expect(characters.filter((one) => fold(fold(one)) !== fold(one))).toEqual([])
  })
  test('folds alike in every case and normal form', () => {
    const spellings = (one: string) => [
      ...[one.toUpperCase(), one.toLowerCase()],
      ...(['NFC', 'NFD', 'NFKC', 'NFKD'] as const).map((form) => one.normalize(form)),
    ]
    const unlike = characters.filter((one) =>
      spellings(one).some((other) => fold(other) !== fold(one)),
    )
    expect(unlike).toEqual([])
  })
  test('of ASCII folds as SQLite lowers it', () => {
    for (const one of characters.slice(0, 128).filter(isAscii)) {
      expect(fold(one)).toBe(lowerAscii(one))
    }
  })
})

test('folds as docs/search.md says of each script', () => {
  const rows = readFileSync('docs/search.md', 'utf8').matchAll(/^\| .*\| `(.+)` → `(.+)` \|$/gm)
  const examples = [...rows].map(([, text = '', folded = '']) => [text, folded])
  expect(examples.length).toBeGreaterThan(12)
  expect(examples.map(([text = '']) => fold(text))).toEqual(examples.map(([, folded]) => folded))
})
