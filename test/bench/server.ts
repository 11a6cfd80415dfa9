import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { convertV4MiniflareOptions, Miniflare, NoOpLog } from 'miniflare'
import { unstable_getMiniflareWorkerOptions } from 'wrangler'
import { run } from '../../src/cli/quiet.ts'

const BUILD = '.wrangler/build'
const KINDS = { js: 'ESModule', wasm: 'CompiledWasm', png: 'Data' } as const

/** Holds the key of the server that {@link startServer} starts, and the headers of requests with it. */
export const API_KEY = `standard_${'0e'.repeat(128)}`
export const AS_GUEST = { 'X-Appwrite-Project': 'edgewrite' }
export const AS_KEY = { ...AS_GUEST, 'X-Appwrite-Key': API_KEY }

/**
 * Builds Edgewrite as a deployment would and runs it in workerd with an empty store: without the proxy and
 * the log of `wrangler dev`, which cost more than most requests.
 * @param inspectorPort where the Worker's debugger listens, if it should
 */
export async function startServer(inspectorPort?: number) {
  run('wrangler', ['deploy', '--dry-run', '--outdir', BUILD], '.wrangler')
  const modules = readdirSync(BUILD).flatMap((name) => {
    const type = KINDS[name.split('.').at(-1) as keyof typeof KINDS]
    const path = `${BUILD}/${name}`
    return type ? [{ type, path, contents: readFileSync(path) }] : []
  })
  modules.sort((a, b) => Number(b.type === 'ESModule') - Number(a.type === 'ESModule'))
  const { workerOptions } = unstable_getMiniflareWorkerOptions('wrangler.toml')
  const vars = workerOptions.bindings as Record<string, string> // those of wrangler.toml
  const SECRET = 'a secret for this measurement alone, long enough'
  const state = mkdtempSync(join(tmpdir(), 'edgewrite-bench-'))
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...workerOptions,
      modules,
      modulesRoot: BUILD,
      bindings: { ...vars, API_KEY, SECRET, PREVIEW_BUDGET: '1000000000' },
      defaultPersistRoot: state,
      log: new NoOpLog(),
      ...(inspectorPort === undefined ? {} : { inspectorPort }),
    } as Parameters<typeof convertV4MiniflareOptions>[0]),
  )
  const origin = await miniflare.ready
  const database = await miniflare.getD1Database('DB')
  for (const name of readdirSync('drizzle').sort()) {
    if (!name.endsWith('.sql')) continue
    const statements = readFileSync(`drizzle/${name}`, 'utf8').split('--> statement-breakpoint')
    await database.batch(statements.map((statement) => database.prepare(statement)))
  }
  return {
    origin,
    async stop() {
      await miniflare.dispose()
      rmSync(state, { recursive: true, force: true })
    },
  }
}
