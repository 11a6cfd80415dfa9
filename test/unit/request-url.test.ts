import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** Files that may read the URL of a request as it came in: for its path and query alone, or to decide once. */
const READERS = ['http/public-url.ts', 'services/account/oauth2-pages.ts']

test('where a request came in is read in one place, so that PUBLIC_URL decides everywhere', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  const reading = files.filter((name) =>
    /req\.url\b|header\(['"]host['"]/i.test(readFileSync(`src/${name}`, 'utf8')),
  )
  expect(reading.sort()).toEqual(READERS)
})
