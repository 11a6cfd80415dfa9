import { appendFileSync } from 'node:fs'
import { isCi, print, printError, printOnce } from './print.ts'
import type { Deployed } from './provision.ts'

/** Where a key is that nobody has seen. */
const unseenKey = (worker: string) => `
An API key was made, and is not shown in the log of a build server. Set one of your own: give API_KEY to this
command (PREVIEW_API_KEY is the secret that the preview workflow takes it from), or run
npx wrangler secret put API_KEY --name ${worker}`

/** Prints where a deployment answers, and once, but on no build server, the key that was made for it. */
export function finish({ worker, endpoint, made }: Deployed, rehearsal: boolean) {
  if (rehearsal) {
    const names = Object.keys(made).join(', ')
    print(`\nNothing was changed. Where they are missing, these secrets would be made: ${names}.`)
    return
  }
  print(`\nEdgewrite is deployed.\n\n  Endpoint   ${endpoint || 'see above'}`)
  if (made.API_KEY && isCi()) print(unseenKey(worker))
  else if (made.API_KEY) {
    printOnce(`  API key    ${made.API_KEY}\n\nKeep the key: it is shown this once.`)
  }
  // A workflow reads the endpoint from here; the key stays out of it.
  if (process.env.GITHUB_OUTPUT) appendFileSync(process.env.GITHUB_OUTPUT, `endpoint=${endpoint}\n`)
}

/** Runs a command line tool: what goes wrong is told in a line, and the exit status says so. */
export async function guarded(run: () => Promise<void> | void) {
  try {
    await run()
  } catch (error) {
    printError(`\n${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  }
}
