import { describe, expect, test } from 'vitest'
import { preconditions, rangeApplies } from '#/http/conditional'

const DATE = 'Tue, 24 Nov 2026 12:00:00 GMT'
const BEFORE = 'Tue, 24 Nov 2026 11:59:59 GMT'
const AFTER = 'Tue, 24 Nov 2026 12:00:01 GMT'
/** Changed within the second that its header names. */
const version = { etag: '"v1"', lastModified: new Date('2026-11-24T12:00:00.900Z') }

/** In the order of RFC 9110 §13.2.2. */
describe('preconditions', () => {
  test.each([
    ['none', {}, 'ok'],
    ['If-Match of this version', { 'If-Match': '"v1"' }, 'ok'],
    ['If-Match of any version', { 'If-Match': '*' }, 'ok'],
    ['If-Match of one of several', { 'If-Match': '"v0", "v1"' }, 'ok'],
    ['If-Match of another version', { 'If-Match': '"v0"' }, 'failed'],
    ['If-Match is strong', { 'If-Match': 'W/"v1"' }, 'failed'],
    ['If-Unmodified-Since the change', { 'If-Unmodified-Since': DATE }, 'ok'],
    ['If-Unmodified-Since before it', { 'If-Unmodified-Since': BEFORE }, 'failed'],
    [
      'If-Match makes If-Unmodified-Since void',
      { 'If-Match': '"v1"', 'If-Unmodified-Since': BEFORE },
      'ok',
    ],
    ['If-Unmodified-Since no date', { 'If-Unmodified-Since': 'today' }, 'ok'],
    ['If-None-Match of this version', { 'If-None-Match': '"v1"' }, 'not-modified'],
    ['If-None-Match is weak', { 'If-None-Match': 'W/"v1"' }, 'not-modified'],
    ['If-None-Match of one of several', { 'If-None-Match': '"v0","v1"' }, 'not-modified'],
    ['If-None-Match of any version', { 'If-None-Match': '*' }, 'not-modified'],
    ['If-None-Match of another version', { 'If-None-Match': '"v0"' }, 'ok'],
    ['If-None-Match without quotes', { 'If-None-Match': 'v1' }, 'ok'],
    [
      'If-None-Match makes If-Modified-Since void',
      { 'If-None-Match': '"v0"', 'If-Modified-Since': AFTER },
      'ok',
    ],
    ['If-Modified-Since the change', { 'If-Modified-Since': DATE }, 'not-modified'],
    ['If-Modified-Since after it', { 'If-Modified-Since': AFTER }, 'not-modified'],
    ['If-Modified-Since before it', { 'If-Modified-Since': BEFORE }, 'ok'],
    ['If-Modified-Since no date', { 'If-Modified-Since': 'today' }, 'ok'],
    [
      'a failed If-Match comes before If-None-Match',
      { 'If-Match': '"v0"', 'If-None-Match': '"v1"' },
      'failed',
    ],
  ] as const)('%s', (_, headers, outcome) => {
    expect(preconditions(new Headers(headers), version)).toBe(outcome)
  })
})

describe('a range counts', () => {
  test.each([
    ['without If-Range', undefined, true],
    ['for this version', '"v1"', true],
    ['not for another version', '"v0"', false],
    ['not for a weak version', 'W/"v1"', false],
    ['for the very date', DATE, true],
    ['not for an older date', BEFORE, false],
    ['not for a newer date', AFTER, false],
    ['not for what is no date', 'today', false],
  ] as const)('%s', (_, value, counts) => {
    const headers = new Headers(value === undefined ? {} : { 'If-Range': value })
    expect(rangeApplies(headers, version)).toBe(counts)
  })
})
