import { describe, expect, test } from 'vitest'
import { contentDisposition } from '#/http/disposition'

test.each([
  ['a.txt', 'filename="a.txt"'],
  ['a b;c=d,e.txt', 'filename="a b;c=d,e.txt"'],
  ['', 'filename=""'],
  ['say "hi".txt', `filename="say _hi_.txt"; filename*=UTF-8''say%20%22hi%22.txt`],
  ['a\\b.txt', `filename="a_b.txt"; filename*=UTF-8''a%5Cb.txt`],
  ['ä.txt', `filename="_.txt"; filename*=UTF-8''%C3%A4.txt`],
  ['😀.txt', `filename="__.txt"; filename*=UTF-8''%F0%9F%98%80.txt`],
  ['日本.txt', `filename="__.txt"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.txt`],
  [
    'a\r\nX-Evil: 1\0.txt',
    `filename="a__X-Evil: 1_.txt"; filename*=UTF-8''a%0D%0AX-Evil%3A%201%00.txt`,
  ],
  ["it's (1)*é.txt", `filename="it's (1)*_.txt"; filename*=UTF-8''it%27s%20%281%29%2A%C3%A9.txt`],
  ['half \ud83d.txt', `filename="half _.txt"; filename*=UTF-8''half%20%EF%BF%BD.txt`],
])('names a file called %j', (name, printed) => {
  expect(contentDisposition('attachment', name)).toBe(`attachment; ${printed}`)
  expect(
    () => new Headers({ 'Content-Disposition': contentDisposition('inline', name) }),
  ).not.toThrow()
})

describe('a name that is too long for a header', () => {
  const MAX_HEADER_BYTES = 2048
  /** Reads the names that a header holds. */
  function namesIn(header: string) {
    const [, ascii, encoded] = /filename="([^"]*)"(?:; filename\*=UTF-8''(.*))?$/.exec(header) ?? []
    return { ascii, whole: encoded === undefined ? ascii : decodeURIComponent(encoded) }
  }

  test.each([
    ['ASCII', 'a'],
    ['quotes', '"'],
    ['spaces', ' '],
    ['umlauts', 'ü'],
    ['Han', '漢'],
    ['emoji', '😀'],
    ['joined emoji', '👩\u200d👩\u200d👧'],
    ['lone surrogates', '\ud83d'],
    ['control characters', '\r\n'],
  ])('of %s keeps its beginning and its extension', (_, text) => {
    const name = `${text.repeat(2048).slice(0, 2044)}.txt`
    const header = contentDisposition('attachment', name)
    expect(header.length).toBeLessThanOrEqual(MAX_HEADER_BYTES)
    const { ascii = '', whole = '' } = namesIn(header)
    expect([ascii.slice(-4), whole.slice(-4)]).toEqual(['.txt', '.txt'])
    expect(name.toWellFormed().startsWith(whole.slice(0, -4))).toBe(true)
    expect(whole.length).toBeGreaterThan(120)
    expect(whole.isWellFormed()).toBe(true)
  })
  test.each(['a', 'ü', '漢', '😀'])('is none of 128 characters like %s', (character) => {
    const name = character.repeat(128)
    expect(namesIn(contentDisposition('inline', name)).whole).toBe(name)
  })
  test.each([
    ['no extension', '漢'.repeat(2000), ''],
    ['an extension that is most of it', `a.${'漢'.repeat(2000)}`, ''],
    ['a dot at its beginning alone', `.${'漢'.repeat(2000)}`, ''],
    ['two extensions', `${'漢'.repeat(2000)}.tar.gz`, '.tar.gz'],
    ['an extension beyond ASCII', `${'a'.repeat(2040)}.текст`, '.текст'],
  ])('may have %s', (_, name, extension) => {
    const header = contentDisposition('inline', name)
    expect(header.length).toBeLessThanOrEqual(MAX_HEADER_BYTES)
    expect(namesIn(header).whole?.endsWith(extension)).toBe(true)
  })
})
