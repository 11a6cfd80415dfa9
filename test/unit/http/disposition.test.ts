import { expect, test } from 'vitest'
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
