import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { convertV4MiniflareOptions, Miniflare, NoOpLog } from 'miniflare'
import { run } from '../../src/cli/quiet.ts'
import { fillUsers, queries } from '../support/crowd.ts'

/**
 * Measures the Users service at 1,000 and at a million users, in workerd with the local D1: rows that D1
 * reads for a request, and the median time from request to last byte. `npm run bench:users 100000` takes
 * another number.
 */

const SMALL = 1_000
const LARGE = Number(process.argv[2] ?? 1_000_000)
const REPEATS = 15
const OUT = '.wrangler/bench-users'
const KEY = `standard_${'0d'.repeat(128)}`
const COMPATIBILITY = {
  compatibility_date: '2026-10-01',
  compatibility_flags: ['nodejs_compat'],
}

// A configuration of its own: the bundle has none of the Worker's other bindings.
mkdirSync(OUT, { recursive: true })
const rules = [{ type: 'Data', globs: ['**/*.png'], fallthrough: true }]
writeFileSync(
  `${OUT}/wrangler.json`,
  JSON.stringify({
    name: 'bench',
    main: '../../test/bench/users.worker.ts',
    rules,
    ...COMPATIBILITY,
  }),
)
run(
  'wrangler',
  ['deploy', '--dry-run', '--config', `${OUT}/wrangler.json`, '--outdir', 'build'],
  '.wrangler',
)
const BUILD = `${OUT}/build`
const kinds = { js: 'ESModule', wasm: 'CompiledWasm', png: 'Data' } as const
const modules = readdirSync(BUILD).flatMap((name) => {
  const type = kinds[name.split('.').at(-1) as keyof typeof kinds]
  return type
    ? [{ type, path: `${BUILD}/${name}`, contents: readFileSync(`${BUILD}/${name}`) }]
    : []
})
modules.sort((a, b) => Number(b.type === 'ESModule') - Number(a.type === 'ESModule'))
const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    modules,
    modulesRoot: BUILD,
    compatibilityDate: COMPATIBILITY.compatibility_date,
    compatibilityFlags: COMPATIBILITY.compatibility_flags,
    d1Databases: ['DB'],
    bindings: { API_KEY: KEY, SECRET: 'a secret for this measurement alone, long enough' },
    log: new NoOpLog(),
  } as Parameters<typeof convertV4MiniflareOptions>[0]),
)
await miniflare.ready
const database = (await miniflare.getD1Database('DB')) as unknown as D1Database // the platform's own type
for (const name of readdirSync('drizzle')
  .filter((file) => file.endsWith('.sql'))
  .sort()) {
  const statements = readFileSync(`drizzle/${name}`, 'utf8').split('--> statement-breakpoint')
  await database.batch(statements.map((statement) => database.prepare(statement)))
}

const q = (method: string, attribute = '', ...values: unknown[]) =>
  JSON.stringify({ method, attribute, values })
const list = (...given: string[]) => `/users?${queries(...given)}`
const blocked = q('equal', 'status', false)

const REQUESTS: [name: string, path: string][] = [
  ['get', '/users/u500'],
  ['first page', '/users'],
  ['next page', list(q('cursorAfter', '', 'u500'))],
  ['page before', list(q('cursorBefore', '', 'u500'))],
  ['newest first', list(q('orderDesc', '$createdAt'))],
  ['newest first, next page', list(q('orderDesc', '$createdAt'), q('cursorAfter', '', 'u500'))],
  ['ordered by name', list(q('orderAsc', 'name'))],
  ['equal e-mail', list(q('equal', 'email', 'mail77@example.com'))],
  ['equal phone', list(q('equal', 'phone', '+4915100000077'))],
  ['equal name', list(q('equal', 'name', 'Name 77'))],
  ['search, one hit', '/users?search=%22mail777%22'],
  ['search, prefix with few hits', '/users?search=mail77'],
  ['search, every user hits', '/users?search=example'],
  ['one in seven, by status', list(blocked)],
  ['one in seven, no total', `${list(blocked)}&total=false`],
  ['one in ten, by label', list(q('contains', 'labels', 'tenth'))],
  ['nobody, by part of a name', list(q('contains', 'name', 'zzz'))],
]

/** Sends a request some times. @returns the rows it reads, and the median of how long it takes in ms */
async function measure(path: string) {
  const times: number[] = []
  let rows = 0
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const started = performance.now()
    const answer = await miniflare.dispatchFetch(`http://localhost/v1${path}`, {
      headers: { 'X-Appwrite-Project': 'edgewrite', 'X-Appwrite-Key': KEY },
    })
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    await answer.arrayBuffer()
    times.push(performance.now() - started)
    rows = Number(answer.headers.get('X-Rows-Read'))
  }
  times.sort((a, b) => a - b)
  return { rows, ms: times[Math.floor(REPEATS / 2)] ?? 0 }
}

type Figures = Awaited<ReturnType<typeof measure>>
async function measureAll(): Promise<Figures[]> {
  const all: Figures[] = []
  for (const [, path] of REQUESTS) all.push(await measure(path))
  return all
}

await fillUsers(database, 0, SMALL)
const small = await measureAll()
const started = performance.now()
await fillUsers(database, SMALL, LARGE)
console.log(`Stored ${LARGE} users in ${((performance.now() - started) / 1000).toFixed(0)} s.\n`)
const large = await measureAll()

const number = (value: number) => value.toLocaleString('en').padStart(11)
const time = (value: number) => value.toFixed(1).padStart(9)
console.log(
  `${''.padEnd(30)}${number(SMALL)} users      ${number(LARGE)} users\n` +
    `${''.padEnd(30)}  rows read       ms    rows read       ms`,
)
REQUESTS.forEach(([name], index) => {
  const [before, after] = [small[index], large[index]]
  if (!before || !after) return
  console.log(
    `${name.padEnd(30)}${number(before.rows)}${time(before.ms)}  ${number(after.rows)}${time(after.ms)}`,
  )
})
await miniflare.dispose()
