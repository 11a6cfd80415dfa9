import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { LEFT_OUT, TIMED } from '#test/support/clocks'

/** What reads a clock other than the one that is passed along: JavaScript's, the database's, R2's, a library's. */
const READS =
  /\bDate\.now\b|\bnew Date(?!\s*\()|\bnew Date\(\s*\)|(?<!new )\bDate\(\s*\)|\bTemporal\.Now\b|\bunixepoch\(|\bcurrent_(?:date|time|timestamp)\b|\bstrftime\(|\bjulianday\(|\bdate(?:time)?\('now'|\.uploaded\b|\.setIssuedAt\(\)|\.set(?:ExpirationTime|NotBefore)\(['"`]/gi

/** Where a clock may be read: how often, and why. */
const ALLOWED: Record<string, [times: number, why: string]> = {
  'src/app.ts': [1, 'each request reads the clock once, here'],
  'src/index.ts': [2, 'the schedule and the queue begin here'],
  'src/auth/rate-counter.ts': [1, 'alarms are set by the clock of the platform'],
  'src/identity/providers/protocol/authorization-code.ts': [
    1,
    'takes the clock out of what the library reads',
  ],
  'src/storage/preview/variants.ts': [1, 'a preview is as old as its object in R2'],
  'test/support/clock.ts': [1, 'realClock, which is asked for by name'],
}

/** Removes comments, which may name what code may not call. */
const code = (path: string) =>
  readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '')

const filesIn = (folder: string) =>
  readdirSync(folder, { encoding: 'utf8', recursive: true })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)

const files = [...filesIn('src'), ...filesIn('test')].filter(
  (path) => path !== 'test/unit/clock.test.ts',
)

test('no file reads a clock but those that are listed', () => {
  const counts = files.map((path): [string, number] => [path, code(path).match(READS)?.length ?? 0])
  const expected = Object.entries(ALLOWED).map(([path, [times]]) => [path, times])
  expect(Object.fromEntries(counts.filter(([, times]) => times > 0))).toEqual(
    Object.fromEntries(expected),
  )
})

test('the real clock is for tests of a served Worker, and for the age of the database', () => {
  const users = files.filter((path) => /\brealClock\b/.test(code(path)))
  expect(users.filter((path) => !/^test\/(?:sdk|browser)\//.test(path)).sort()).toEqual([
    'test/api/project/project.test.ts',
    'test/support/clock.ts',
  ])
})

test.each([
  ...[
    'Date.now()',
    'new Date()',
    'new Date',
    'Date()',
    'Temporal.Now.instant()',
    'object.uploaded',
  ],
  ...["unixepoch('subsec')", 'CURRENT_TIMESTAMP', "strftime('%s')", "datetime('now')"],
  ...['jwt.setIssuedAt()', "jwt.setExpirationTime('1h')", 'vi.spyOn(x, y); const f = Date.now'],
])('%s reads a clock', (text) => expect(text.match(READS)).toHaveLength(1))

test.each([
  ...['new Date(now)', 'Date.parse(text)', 'Date.UTC(2026)', 'uploadedAt', 'datetime(name)'],
  ...['jwt.setIssuedAt(seconds)', 'type Now = () => Date', 'instanceof Date'],
])('%s reads none', (text) => expect(text.match(READS)).toBeNull())

test.each(files.filter((path) => /\bjwtVerify\(/.test(code(path))))(
  '%s says by which clock a JWT is good',
  (path) => {
    const text = code(path)
    expect(text.match(/\bcurrentDate:/g)?.length).toBe(text.match(/\bjwtVerify\(/g)?.length)
  },
)

const TLS = 'test/fixtures/tls'
test.each(readdirSync(TLS).filter((name) => name.endsWith('.pem')))(
  '%s outlives the tests',
  (name) => {
    const { validToDate } = new X509Certificate(readFileSync(`${TLS}/${name}`))
    expect(validToDate.getUTCFullYear()).toBeGreaterThan(2100)
  },
)

test('each test that names days is run at other moments too, or says why not', () => {
  const days = files.filter(
    (path) =>
      /^test\/(?:api|conformance)\//.test(path) &&
      /\b(?:DAY|DAY_MS|YEAR|dayOf)\b|86_?400/.test(code(path)),
  )
  const listed = [...TIMED, ...Object.keys(LEFT_OUT)]
  expect(days.filter((path) => !listed.includes(path))).toEqual([])
  expect(listed.filter((path) => !files.includes(path))).toEqual([])
})
