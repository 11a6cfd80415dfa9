import { expect, test } from 'vitest'
import { countryName, countryOf } from '#/lib/clients/geo'
import { registrableDomain } from '#/lib/contact/domains'
import { emailFacts } from '#/lib/contact/email'
import { LOCALES } from '#/lib/locale'

test.each([
  ['de', 'en', 'Germany'],
  ['DE', 'en-gb', 'Germany'],
  ['de', 'de-at', 'Deutschland'],
  ['de', 'fr-ca', 'Allemagne'],
  ['de', 'es-mx', 'Alemania'],
  ['de', 'pt-br', 'Alemanha'],
  ['de', 'it', 'Germania'],
  ['de', 'nl', 'Duitsland'],
  ['de', 'pl', 'Niemcy'],
  ['de', 'ru', 'Германия'],
  ['de', 'ua', 'Німеччина'],
  ['de', 'zh-cn', '德国'],
  ['de', 'zh-tw', '德國'],
  ['jp', 'ja', '日本'],
  ['de', 'ko', '독일'],
  ['de', 'ar-eg', 'ألمانيا'],
  ['de', 'he', 'גרמניה'],
  ['de', 'hi', 'जर्मनी'],
  ['de', 'tr', 'Almanya'],
  ['xk', 'en', 'Kosovo'],
  ['de', 'ja-JP', 'ドイツ'],
  ['de', 'pt_PT', 'Alemanha'],
  ['de', 'zh-Hans', '德国'],
  ['de', 'zh-Hant-TW', '德國'],
  ['de', 'ar', 'ألمانيا'],
  ['de', 'fr-FR,fr;q=0.9', 'Allemagne'],
  ['de', 'nb-NO', 'Tyskland'],
  ['de', 'uk-UA', 'Німеччина'],
  ['de', '*', 'Germany'],
  // The platform has no names in these languages.
  ['de', 'fo', 'Germany'],
  ['de', 'ji', 'Germany'],
  ['de', 'xx', 'Germany'],
])('names %s in %s', (code, locale, name) => {
  expect(countryName(code, locale)).toBe(name)
})

test.each([
  ['--', 'en', 'Unknown'],
  ['', 'en', 'Unknown'],
  ['zz', 'en', 'Unknown'],
  ['qq', 'en', 'Unknown'],
  ['deu', 'en', 'Unknown'],
  ['419', 'en', 'Unknown'],
  ['--', 'de-ch', 'Unbekannt'],
  ['qq', 'fr', 'Inconnu'],
  ['zz', 'ru-md', 'Неизвестно'],
  ['--', 'zh-hk', '未知'],
  ['--', 'ar-sa', 'غير معروف'],
  ['--', 'ar', 'غير معروف'],
  ['--', 'zh-Hans', '未知'],
  ['--', 'uk', 'Невідомо'],
  ['--', 'zu', 'Unknown'],
  ['--', 'no such locale', 'Unknown'],
])('does not know the country %s in %s', (code, locale, name) => {
  expect(countryName(code, locale)).toBe(name)
})

test('has a name for Japan in every locale', () => {
  const names = LOCALES.map((locale) => countryName('jp', locale))
  expect(names.filter((name) => !name)).toEqual([])
  expect(new Set(names).size).toBeGreaterThan(30)
})

test('reads the country that the platform gave a request', () => {
  const request = new Request('https://api.example.com', { cf: { country: 'NL' } })
  expect(countryOf(request)).toBe('nl')
})

test('finds the domain lists inside the Worker', () => {
  expect(emailFacts('a@mailinator.com').emailIsDisposable).toBe(true)
  expect(emailFacts('a@gmx.de').emailIsFree).toBe(true)
  expect(registrableDomain('a.me.workers.dev')).toBe('me.workers.dev')
})
