/** Runs the tests that have to do with time at other moments than the default one. */
import { spawnSync } from 'node:child_process'
import { CLOCKS, TIMED } from './support/clocks.ts'

for (const [name, moment] of Object.entries(CLOCKS)) {
  console.log(`\nThe tests run ${name}: ${moment}`)
  const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'api', ...TIMED], {
    env: { ...process.env, TEST_CLOCK: moment },
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? 1)
}
