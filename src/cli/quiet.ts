import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { printError } from './print.ts'

/** Returns the folder for one kind of files that programs keep in the home folder by themselves. */
const kept = (state: string, kind: 'config' | 'data' | 'cache') => {
  const name = `XDG_${kind.toUpperCase()}_HOME`
  return { [name]: process.env[name] ?? resolve(state, kind) }
}

/**
 * Returns the environment in which tools keep their logs, caches and settings inside the project, so that
 * development leaves nothing in the home folder.
 */
export const quietEnv = (state: string): NodeJS.ProcessEnv => ({
  ...process.env,
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_LOG_PATH: `${state}/logs`,
  WRANGLER_REGISTRY_PATH: `${state}/registry`,
  WRANGLER_CACHE_DIR: `${state}/cache`,
  ...kept(state, 'config'),
  ...kept(state, 'data'),
  ...kept(state, 'cache'),
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  CI: process.env.CI ?? 'true',
})

/** Runs a tool and stops with its output when it fails. @returns what it printed */
export function run(command: string, args: readonly string[], state: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    env: quietEnv(state),
    encoding: 'utf8',
  })
  if (status === 0) return stdout
  printError(`${command} ${args.join(' ')} failed.\n${stdout}${stderr}`)
  process.exit(1)
}
