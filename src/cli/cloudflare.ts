import { spawnSync } from 'node:child_process'
import { SECRETS } from './deployment.ts'
import { conceal, print as printLine } from './print.ts'
import { quietEnv } from './quiet.ts'

/** Where logs and caches of the deployment tools are kept. */
const STATE = '.wrangler'

/** Thrown when a remote step failed; the message is the tool's own. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError'
}

/** Runs remote steps, each printed first; a rehearsal prints them only. */
export type Remote = {
  rehearsal: boolean
  /** Prints a step in words. */
  say: (text: string) => void
  /** Asks Cloudflare something; in a rehearsal nothing is asked and the answer is undefined. */
  ask: (args: readonly string[]) => string | undefined
  /** Changes something. @throws {RemoteError} */
  change: (args: readonly string[], env?: NodeJS.ProcessEnv) => string
  /** Calls Cloudflare's REST API, for what Wrangler has no command for. @throws {RemoteError} */
  api: <T>(method: string, path: string) => Promise<T | undefined>
}

/** Quotes an argument for a person to copy. */
const shown = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text}'`)

function wrangler(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  // Who is signed in is kept where `wrangler login` has put it.
  const { XDG_CONFIG_HOME } = process.env
  const result = spawnSync('wrangler', args, {
    env: { ...quietEnv(STATE), XDG_CONFIG_HOME, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (result.error) throw new RemoteError(`wrangler could not be started: ${result.error.message}`)
  return result
}

const API = 'https://api.cloudflare.com/client/v4'

/** Opens the way to Cloudflare. @param rehearsal prints every step and takes none */
export function remote(rehearsal: boolean): Remote {
  conceal(...[...SECRETS, 'CLOUDFLARE_API_TOKEN'].map((name) => process.env[name]))
  const print = (args: readonly string[]) => printLine(`  $ wrangler ${args.map(shown).join(' ')}`)
  return {
    rehearsal,
    say: printLine,
    ask(args) {
      print(args)
      if (rehearsal) return
      const { status, stdout, stderr } = wrangler(args)
      if (status !== 0) throw new RemoteError(`${stdout}${stderr}`.trim())
      return stdout
    },
    change(args, env) {
      print(args)
      if (rehearsal) return ''
      const { status, stdout, stderr } = wrangler(args, env)
      if (status !== 0) throw new RemoteError(`${stdout}${stderr}`.trim())
      return stdout
    },
    async api<T>(method: string, path: string) {
      printLine(`  ${method} ${API}/accounts/$CLOUDFLARE_ACCOUNT_ID${path}`)
      if (rehearsal) return
      const { CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_ACCOUNT_ID: account } = process.env
      if (!token || !account) {
        throw new RemoteError(
          'Set CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID: a bucket with files cannot be deleted without them.',
        )
      }
      const base = process.env.CLOUDFLARE_API_BASE_URL ?? API
      const answer = await fetch(`${base}/accounts/${account}${path}`, {
        method,
        headers: { Authorization: `Bearer ${token}` },
      })
      if (!answer.ok)
        throw new RemoteError(`${method} ${path}: ${answer.status} ${await answer.text()}`)
      return (await answer.json()) as T // the caller names what the endpoint documents
    },
  }
}
