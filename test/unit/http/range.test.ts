import { describe, expect, test } from 'vitest'
import { parseContentRange, parseRange } from '#/http/range'

const CLAMP = 10_485_760
const LARGE = 100_000_000

describe('a Range of a file of 1,000 bytes', () => {
  test.each([
    ['bytes=0-0', 0, 1],
    ['bytes=0-99', 0, 100],
    ['bytes=5-5', 5, 1],
    ['bytes=999-999', 999, 1],
    ['bytes=0-999', 0, 1000],
    ['bytes=0-1000', 0, 1000],
    ['bytes=0-999999999999999', 0, 1000],
    ['bytes=990-2000', 990, 10],
    ['bytes=10-', 10, 990],
    ['bytes=999-', 999, 1],
    ['bytes=-1', 999, 1],
    ['bytes=-1000', 0, 1000],
    ['bytes=-5000', 0, 1000],
    ['Bytes=1-2', 1, 2],
    [' bytes= 1-2 ', 1, 2],
  ])('%j gives %i and %i bytes', (header, offset, length) => {
    expect(parseRange(header, 1000, CLAMP)).toEqual({ offset, length })
  })
  test.each([
    'bytes=1000-',
    'bytes=1000-1001',
    'bytes=5-4',
    'bytes=-0',
    'bytes=-',
    'bytes=',
    'bytes=0-1,3-4',
    'bytes=a-b',
    'bytes=0x1-2',
    'bytes=1.5-2',
    'bytes=--5',
    'bytes 0-1',
    'items=0-1',
    '0-1',
    '',
    `bytes=${'9'.repeat(17)}-`,
  ])('%j is refused with the size of the file', (header) => {
    expect(() => parseRange(header, 1000, CLAMP)).toThrow(
      expect.objectContaining({
        type: 'storage_invalid_range',
        headers: { 'Content-Range': 'bytes */1000' },
      }),
    )
  })
})

test.each(['bytes=0-', 'bytes=0-0', 'bytes=-1'])('%j of an empty file is refused', (header) => {
  expect(() => parseRange(header, 0, CLAMP)).toThrow()
})

test.each([
  ['bytes=0-', 0, CLAMP],
  ['bytes=99999000-', 99_999_000, 1000],
  ['bytes=0-19999999', 0, 20_000_000],
  ['bytes=0-20000000', 0, 20_000_001],
  ['bytes=0-20000001', 0, CLAMP],
  ['bytes=7-999999999', 7, CLAMP],
  ['bytes=-30000000', LARGE - 30_000_000, 30_000_000],
])('%j of a large file gives %i and %i bytes', (header, offset, length) => {
  expect(parseRange(header, LARGE, CLAMP)).toEqual({ offset, length })
})

describe('a Content-Range', () => {
  test.each([
    ['bytes 0-4/5', 0, 4, 5],
    ['bytes 0-5/5', 0, 4, 5],
    ['bytes 3-4/9', 3, 4, 9],
    ['chunks 3-4/9', 3, 4, 9],
    ['bytes 0-5242879/5242880', 0, 5_242_879, 5_242_880],
  ])('%j is read', (header, start, end, total) => {
    expect(parseContentRange(header)).toEqual({ start, end, total })
  })
  test.each([
    'bytes */5',
    'bytes 0-4/*',
    'bytes 0-4',
    'bytes 5-4/9',
    'bytes 0-6/5',
    'bytes 5-5/5',
    'bytes 0-0/0',
    'bytes +0-4/5',
    'bytes  0-4/5',
    'bytes 0-4/5 ',
    'bytes 0 - 4/5',
    'bytes=0-4/5',
    '0-4/5',
    '',
    'bytes 0-9007199254740992/9007199254740993',
  ])('%j is refused', (header) => {
    expect(() => parseContentRange(header)).toThrow(
      expect.objectContaining({ type: 'storage_invalid_content_range' }),
    )
  })
})
