import { parseArgs } from 'node:util'
import { remote } from './cloudflare.ts'
import { previewOf } from './deployment.ts'
import { finish, guarded } from './outcome.ts'
import { print } from './print.ts'
import { deploy, teardown } from './provision.ts'

/**
 * Deploys a branch as a copy of its own: own Worker, database, bucket, queue and secrets, mails kept in its
 * outbox. `--delete` takes it down with its data; `--dry-run` prints every remote step and takes none.
 */
await guarded(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { delete: { type: 'boolean' }, 'dry-run': { type: 'boolean' } },
  })
  const [branch] = positionals
  if (!branch)
    throw new Error('Name the branch: npm run preview -- <branch> [--delete] [--dry-run]')
  const rehearsal = values['dry-run'] === true
  const deployment = previewOf(branch)
  print(rehearsal ? 'These steps would be taken:' : `The copy for ${branch}: ${deployment.worker}`)
  if (!values.delete) return finish(deploy(remote(rehearsal), deployment), rehearsal)
  await teardown(remote(rehearsal), deployment)
  if (!rehearsal) print(`\nThe copy for ${branch} is gone.`)
})
