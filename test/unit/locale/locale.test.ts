import { expect, test } from 'vitest'
import { DEFAULT_LOCALE, direction, LOCALES, localeOf } from '#/locale'

test('lists 131 codes, each once, in lower case', () => {
  expect(LOCALES).toHaveLength(131)
  expect(new Set(LOCALES).size).toBe(131)
  expect(LOCALES.filter((code) => !/^[a-z]{2}(-[a-z]{2})?$/.test(code))).toEqual([])
  expect(LOCALES).toEqual([...LOCALES].sort())
  expect(LOCALES).toContain(DEFAULT_LOCALE)
})

test.each(LOCALES)('takes %s in any case', (code) => {
  expect(localeOf(code)).toBe(code)
  expect(localeOf(code.toUpperCase())).toBe(code)
})

test.each([undefined, '', 'xx', 'pt_br', 'pt-', 'en-us-posix', 'zh', 'ar', ' en', 'e'.repeat(1e6)])(
  'ignores %s',
  (code) => {
    expect(localeOf(code)).toBe('en')
  },
)

test('knows the languages that are written from right to left', () => {
  const rightToLeft = LOCALES.filter((code) => direction(code) === 'rtl')
  expect(rightToLeft.filter((code) => !code.startsWith('ar-'))).toEqual(['fa', 'he', 'ji', 'ur'])
  expect(rightToLeft).toHaveLength(20)
  expect(direction('en')).toBe('ltr')
})
