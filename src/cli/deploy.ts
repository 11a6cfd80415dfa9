import { readFileSync } from 'node:fs'
import { remote } from './cloudflare.ts'
import { productionOf } from './deployment.ts'
import { finish, guarded } from './outcome.ts'
import { print } from './print.ts'
import { deploy } from './provision.ts'

/**
 * Deploys Edgewrite to the Cloudflare account that Wrangler is signed in to. `--dry-run` prints every remote
 * step and takes none. Settings come from the environment, as the README lists them.
 */
await guarded(async () => {
  const rehearsal = process.argv.includes('--dry-run')
  print(rehearsal ? 'These steps would be taken:' : 'Deploying Edgewrite.')
  finish(deploy(remote(rehearsal), productionOf(readFileSync('wrangler.toml', 'utf8'))), rehearsal)
})
