import { print } from './print.ts'
import { run } from './quiet.ts'

/** Bundles the Worker as a deployment would, and prints its size; nothing leaves this machine. */
const printed = run('wrangler', ['deploy', '--dry-run', '--outdir', '.wrangler/build'], '.wrangler')
print(printed.trim())
