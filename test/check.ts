/**
 * The inner loop, for what has changed since `main`: lint, types, the unit tests that depend on a changed file, and the
 * api tests that changed or are named after a changed `.routes.ts`. CI runs everything.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { basename } from 'node:path'

const BASE = process.argv[2] ?? 'main'

const git = (...args: string[]) =>
  spawnSync('git', args, { encoding: 'utf8' }).stdout.split('\n').filter(Boolean)

function run(command: string, ...args: string[]) {
  const { status } = spawnSync('npx', [command, ...args], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

const [base = 'HEAD'] = git('merge-base', 'HEAD', BASE)
const changed = [
  ...git('diff', '--name-only', base),
  ...git('ls-files', '--others', '--exclude-standard'),
].filter((path) => existsSync(path))

/** Returns the api tests of a file: itself, or those that mirror a `.routes.ts`. */
function apiTests(path: string): string[] {
  if (/^test\/(api|conformance)\/.*\.test\.ts$/.test(path)) return [path]
  if (!path.endsWith('.routes.ts')) return []
  return globSync(`test/api/**/${basename(path, '.routes.ts')}.test.ts`)
}

if (changed.length === 0) {
  console.log('Nothing has changed.')
  process.exit()
}
run('biome', 'check', '--no-errors-on-unmatched', ...changed)
run('tsc', '--noEmit', '--incremental', '--tsBuildInfoFile', '.wrangler/tsbuildinfo')
run('vitest', 'run', '--project', 'unit', '--passWithNoTests', '--changed', base)
const api = [...new Set(changed.flatMap(apiTests))]
if (api.length > 0) run('vitest', 'run', '--project', 'api', ...api)
