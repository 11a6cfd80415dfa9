import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type ClientInfo, NO_USER_AGENT, parseUserAgent } from '#/lib/clients/user-agent'

/** The fields of the wire, in its order: 3 of the system, 6 of the program, 3 of the device. */
const FIELDS = [
  ...(['osCode', 'osName', 'osVersion'] as const),
  ...(['clientType', 'clientCode', 'clientName', 'clientVersion'] as const),
  ...(['clientEngine', 'clientEngineVersion'] as const),
  ...(['deviceName', 'deviceBrand', 'deviceModel'] as const),
] satisfies (keyof ClientInfo)[]

const fieldsOf = (userAgent: string) => {
  const info = parseUserAgent(userAgent)
  return FIELDS.map((field) => info[field])
}

/** Titles start with `#`; a case is a user agent and, in the next line, its fields in three groups. */
const sections = readFileSync(`${import.meta.dirname}/user-agents.txt`, 'utf8')
  .trim()
  .split(/^# /m)
  .slice(1)
  .map((section) => {
    const [title = '', ...cases] = section.trim().split('\n\n')
    return {
      title: title.toLowerCase(),
      cases: cases.map((one) => {
        const [userAgent = '', expected = ''] = one.split('\n')
        return { userAgent, expected: expected.split('   ').flatMap((group) => group.split('|')) }
      }),
    }
  })

describe.each(sections)('recognises $title', ({ cases }) => {
  test.each(cases)('$userAgent', ({ userAgent, expected }) => {
    expect(fieldsOf(userAgent)).toEqual(expected)
  })
})

test('has cases enough to be worth its name', () => {
  expect(sections.flatMap(({ cases }) => cases).length).toBeGreaterThan(100)
})

test('gives the fields of a session, in their order, and no others', () => {
  expect(Object.keys(parseUserAgent('curl/8.4.0'))).toEqual(FIELDS)
})

test('knows nothing of a client that sent no user agent', () => {
  expect(fieldsOf(NO_USER_AGENT).join('')).toBe('')
  expect(fieldsOf('').join('')).toBe('')
})

test.each([
  `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36`,
  `Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0`,
  'curl/8.4.0',
])('does not care about case: %s', (userAgent) => {
  expect(parseUserAgent(userAgent.toUpperCase())).toEqual(parseUserAgent(userAgent))
})

const PARTS = [
  ...['A', '(', ')', ';', ' ', '/', '.', '1.', '_', ') ', '\u0000', '😀', 'rv:', 'iPad', 'OS 1'],
  ...['Android', 'Android;', '(Android; ', '; KFAA', ' Build/', 'Tizen', 'Tablet ', 'TV Tizen '],
  ...['Version/', 'Opera/9.80 ', 'Firefox/1.', 'Chrome/', 'PlayStation ', 'AppleTV1,', 'Windows '],
  ...['AppwriteCLI/', 'Mac OS X ', 'Nintendo ', 'BlackBerry', 'OpenHarmony', 'Lumia '],
]

test('reads 16 KB of anything in bounded time', () => {
  const texts = PARTS.flatMap((part) => [part, `Opera/9.80 ${part}`, `(Android 1; ${part}`]).map(
    (part) => part.repeat(Math.ceil(16_384 / part.length)),
  )
  const times = texts.map((text) => {
    const started = performance.now()
    parseUserAgent(text)
    return performance.now() - started
  })
  expect(Math.max(...times)).toBeLessThan(500)
})

test('never shows more than it read', () => {
  const { deviceModel } = parseUserAgent(`Dalvik (Android 14; ${'x'.repeat(1_000)})`)
  expect(deviceModel).toHaveLength(1_000)
  const info = parseUserAgent(`Dalvik (Android 14; ${'x'.repeat(16_384)})`)
  expect(Object.values(info).join('').length).toBeLessThan(2_100)
})
