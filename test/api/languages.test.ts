import { expect, test } from 'vitest'
import { accountWorld, address, messageTo, PASSWORD, withPassword } from '#test/support/account'
import { PROJECT } from '#test/support/world'

type Sent = Record<string, string>

/** Asks for a code by mail. @returns its subject */
async function subjectFor(headers: Sent, query = ''): Promise<string> {
  const w = await accountWorld()
  const email = address()
  const body = { userId: 'unique()', email }
  const { status } = await w.send('post', `/account/tokens/email${query}`, body, headers)
  expect(status).toBe(201)
  return (await messageTo(w, email)).subject ?? ''
}

test('mails are in the language that the app sets, else in the one of the device', async () => {
  const [german, english, french, japanese] = await Promise.all([
    subjectFor({ 'X-Appwrite-Locale': 'de' }),
    subjectFor({}),
    subjectFor({ 'X-Appwrite-Locale': 'fr' }),
    subjectFor({ 'X-Appwrite-Locale': 'ja' }),
  ])
  expect(new Set([german, english, french, japanese]).size).toBe(4)
  const cases: [Sent, string, expected: string][] = [
    [{ 'X-Appwrite-Locale': 'de-DE' }, '', german],
    [{ 'X-Appwrite-Locale': 'de_DE' }, '', german],
    [{ 'X-Appwrite-Locale': 'ja-JP' }, '', japanese],
    [{ 'X-Appwrite-Locale': 'fr-FR,fr;q=0.9' }, '', french],
    [{}, '?locale=de_DE', german],
    [{ 'Accept-Language': 'de-DE,de;q=0.9,en;q=0.8' }, '', german],
    [{ 'Accept-Language': 'en;q=0.1,ja-JP' }, '', japanese],
    [{ 'Accept-Language': 'cy,fr;q=0.5' }, '', french],
    [{ 'Accept-Language': '*' }, '', english],
    [{ 'Accept-Language': ';;,=' }, '', english],
    // What the app sets counts before what the device prefers, if it is a language.
    [{ 'X-Appwrite-Locale': 'en', 'Accept-Language': 'de' }, '', english],
    [{ 'X-Appwrite-Locale': 'sv-SE', 'Accept-Language': 'de' }, '', english],
    [{ 'X-Appwrite-Locale': 'none', 'Accept-Language': 'de' }, '', german],
    [{ 'X-Appwrite-Locale': '', 'Accept-Language': 'de' }, '', german],
    [{ 'X-Appwrite-Locale': 'fr', 'Accept-Language': 'de' }, '?locale=ja', french],
  ]
  for (const [headers, query, expected] of cases) {
    expect([headers, await subjectFor(headers, query)]).toEqual([headers, expected])
  }
})

test('countries are named in it', async () => {
  const w = await accountWorld()
  const { email } = await withPassword(w)
  const countryIn = async (headers: Sent) => {
    const request = new Request('http://localhost/v1/account/sessions/email', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Appwrite-Project': PROJECT, ...headers },
      body: JSON.stringify({ email, password: PASSWORD }),
      cf: { country: 'DE' },
    } as RequestInit)
    const { response, settle } = await w.raw(request)
    const { countryName } = await response.json<{ countryName: string }>()
    await settle()
    return countryName
  }
  expect(await countryIn({})).toBe('Germany')
  expect(await countryIn({ 'X-Appwrite-Locale': 'de_DE' })).toBe('Deutschland')
  expect(await countryIn({ 'Accept-Language': 'zh-Hant-TW,zh;q=0.9' })).toBe('德國')
})
