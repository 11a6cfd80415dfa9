import { expect, test } from 'vitest'
import { DEFAULT_LOCALE, direction, LOCALES, localeOf } from '#/lib/locale'
import { MAIL_LOCALES, mailLocale } from '#/messaging/mail/locales'

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

test.each([undefined, '', 'xx', 'xx-YY', '*', 'en;q=0', '-', 'C', 'x-fr', 'e'.repeat(1e6), 'é'])(
  'takes English for %s',
  (code) => {
    expect(localeOf(code)).toBe('en')
  },
)

/** Languages as devices and browsers write them: the code, and that of the mails. */
test.each([
  ['de-DE', 'de', 'de'],
  ['de_DE', 'de', 'de'],
  ['DE_de', 'de', 'de'],
  ['de_DE.UTF-8', 'de', 'de'],
  ['de_DE@euro', 'de', 'de'],
  ['de-DE-1996', 'de', 'de'],
  ['de-DE-u-co-phonebk', 'de', 'de'],
  ['de-Latn-AT', 'de-at', 'de'],
  ['ja-JP', 'ja', 'ja'],
  ['ja_JP', 'ja', 'ja'],
  ['ja-Jpan-JP', 'ja', 'ja'],
  ['pt-PT', 'pt', 'pt'],
  ['pt_BR', 'pt-br', 'pt-br'],
  ['pt', 'pt', 'pt'],
  ['ar', 'ar-eg', 'ar'],
  ['ar-SA', 'ar-sa', 'ar'],
  ['ar-MR', 'ar-eg', 'ar'],
  ['ar-u-nu-latn', 'ar-eg', 'ar'],
  ['iw', 'he', 'he'],
  ['iw-IL', 'he', 'he'],
  ['he-IL', 'he', 'he'],
  ['zh', 'zh-cn', 'zh-cn'],
  ['zh-Hans', 'zh-cn', 'zh-cn'],
  ['zh_Hans_CN', 'zh-cn', 'zh-cn'],
  ['zh-Hans-US', 'zh-cn', 'zh-cn'],
  ['zh-Hans-HK', 'zh-cn', 'zh-cn'],
  ['zh-Hans-SG', 'zh-sg', 'zh-sg'],
  ['cmn-Hans', 'zh-cn', 'zh-cn'],
  ['zh-Hant', 'zh-tw', 'en'],
  ['zh-Hant-TW', 'zh-tw', 'en'],
  ['zh-Hant-HK', 'zh-hk', 'en'],
  ['zh-MO', 'zh-tw', 'en'],
  ['zh-Hant-TW,zh;q=0.8', 'zh-tw', 'zh-cn'],
  ['nb-NO', 'nb', 'en'],
  ['no', 'no', 'en'],
  ['nn-NO', 'nn', 'en'],
  ['uk-UA', 'ua', 'en'],
  ['yi', 'ji', 'en'],
  ['es-419', 'es', 'es'],
  ['es-MX', 'es-mx', 'es'],
  ['fr-FR,fr;q=0.9', 'fr', 'fr'],
  ['fr-FR,fr;q=0.9,en-US;q=0.8,en;q=0.7', 'fr', 'fr'],
  ['en;q=0.5, de;q=0.9', 'de', 'de'],
  ['en;q=0.5, nl ; q=0.9', 'nl', 'nl'],
  ['cy, pl;q=0.5', 'cy', 'pl'],
  ['xx, it', 'it', 'it'],
  ['*, it;q=0.5', 'it', 'it'],
  ['de;q=0, it', 'it', 'it'],
  ['de;q=x, it', 'it', 'it'],
  ['en-GB', 'en-gb', 'en'],
  ['EN_us', 'en-us', 'en'],
])('reads %s as %s, with mails in %s', (written, code, mails) => {
  expect(localeOf(written)).toBe(code)
  expect(mailLocale(written).code).toBe(mails)
})

test('reads the start of a list alone', () => {
  expect(localeOf([...Array(10).fill('xx'), 'de'].join())).toBe('en')
  expect(localeOf(`${'x'.repeat(500)},de`)).toBe('en')
})

test('every language that mails are in is found by its own code', () => {
  for (const code of Object.keys(MAIL_LOCALES)) expect(mailLocale(code).code).toBe(code)
})

test('knows the languages that are written from right to left', () => {
  const rightToLeft = LOCALES.filter((code) => direction(code) === 'rtl')
  expect(rightToLeft.filter((code) => !code.startsWith('ar-'))).toEqual(['fa', 'he', 'ji', 'ur'])
  expect(rightToLeft).toHaveLength(20)
  expect(direction('en')).toBe('ltr')
})
