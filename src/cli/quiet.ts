import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'

/**
 * Gives the environment in which wrangler keeps its logs, caches and settings inside the project, so that
 * development leaves nothing in the home folder.
 */
export const quietEnv = (state: string): NodeJS.ProcessEnv => ({
  ...process.env,
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_LOG_PATH: `${state}/logs`,
  WRANGLER_REGISTRY_PATH: `${state}/registry`,
  WRANGLER_CACHE_DIR: `${state}/cache`,
  XDG_CONFIG_HOME: process.env.XDG_CONFIG_HOME ?? resolve(state, 'config'),
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
  console.error(`${command} ${args.join(' ')} failed.\n${stdout}${stderr}`)
  process.exit(1)
}
