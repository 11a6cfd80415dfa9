import { expect, test } from 'vitest'
import { matchExpression } from '#/queries/search'

test.each([
  ['a word, also as a prefix', 'sun', '"sun" *'],
  ['any of several words, the last also as a prefix', 'sun moon', '"sun" OR "moon" *'],
  ['an address as its words', 'al@ba.io', '"al" OR "ba" OR "io" *'],
  [
    'words between any separators',
    'a+b-c.d:e_f/g',
    '"a" OR "b" OR "c" OR "d" OR "e" OR "f" OR "g" *',
  ],
  ['operators as plain words', 'AND OR NOT NEAR', '"and" OR "or" OR "not" OR "near" *'],
  [
    'operator signs as separators',
    'a* ^b (c) {d} text:e',
    '"a" OR "b" OR "c" OR "d" OR "text" OR "e" *',
  ],
  ['a quoted phrase', '"sun moon"', '"sun moon"'],
  ['a quoted phrase among spaces', '  "sun, moon" ', '"sun moon"'],
  ['quotes inside a phrase as separators', '"sun" and "moon"', '"sun and moon"'],
  ['a stray quote as a separator', '"sun moon', '"sun" OR "moon" *'],
  ['an injected phrase end', 'a" OR scope : "b', '"a" OR "or" OR "scope" OR "b" *'],
  ['each character where no spaces are put', '日本', '"日 本" * OR "日本" *'],
  ['letters of every script', 'Größe ١٢', '"grosse" OR "١٢" * OR "Größe"'],
  ['words without their marks', 'e\u0301te\u0301', '"ete" * OR "e\u0301te\u0301" *'],
  ['pictures as words', '🎉a', '"\ue00001f389 a" * OR "a" *'],
  ['vowel signs as part of a word', 'முருகன் मीना', '"முருகன்" OR "मीना" *'],
  ['a NUL byte as a separator', 'a\0b', '"a" OR "b" *'],
])('writes %s', (_, term, text) => expect(matchExpression(term)).toBe(`text : (${text})`))

test.each([
  '',
  ' ',
  '"',
  '""',
  '" "',
  '@',
  '+-.:_',
  '***',
  '©',
  '()',
  '\0',
  "'",
  '\u0301',
  '\u0301 \u0308',
])('finds no word in %j', (term) => expect(matchExpression(term)).toBeUndefined())
