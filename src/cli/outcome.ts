import { appendFileSync } from 'node:fs'
import type { Deployed } from './provision.ts'

/** Prints where a deployment answers, and once the secrets that were made for it. */
export function finish({ endpoint, made }: Deployed, rehearsal: boolean) {
  if (rehearsal) {
    const names = Object.keys(made).join(', ')
    console.log(
      `\nNothing was changed. Where they are missing, these secrets would be made: ${names}.`,
    )
    return
  }
  console.log(`\nEdgewrite is deployed.\n\n  Endpoint   ${endpoint || 'see above'}`)
  if (made.API_KEY)
    console.log(`  API key    ${made.API_KEY}\n\nKeep the key: it is shown this once.`)
  // A workflow reads the endpoint from here; the key stays out of it.
  if (process.env.GITHUB_OUTPUT) appendFileSync(process.env.GITHUB_OUTPUT, `endpoint=${endpoint}\n`)
}

/** Runs a command line tool: what goes wrong is told in a line, and the exit status says so. */
export async function guarded(run: () => Promise<void> | void) {
  try {
    await run()
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  }
}
