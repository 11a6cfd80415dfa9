import { defineConfig } from 'vitest/config'
import { SECRETS, VARS } from './src/cli/deployment.ts'
import { quietEnv } from './src/cli/quiet.ts'
import { DEFAULT_CLOCK } from './test/support/clocks.ts'

// Tests leave nothing in the home folder either; tools read this when they are loaded.
const { CI: _, ...quiet } = quietEnv('.wrangler')
Object.assign(process.env, quiet)
// Makes the Worker trust the mail servers of test/support/smtp.ts; the simulator reads it when it is loaded.
process.env.NODE_EXTRA_CA_CERTS = `${import.meta.dirname}/test/fixtures/tls/ca.pem`
const { cloudflareTest, readD1Migrations } = await import('@cloudflare/vitest-plugin')

/** The moment at which tests run (test/support/clock.ts); the environment moves it. */
const clock = new Date(process.env.TEST_CLOCK ?? DEFAULT_CLOCK).toISOString()

const alias = {
  '#': `${import.meta.dirname}/src`,
  '#test': `${import.meta.dirname}/test`,
}

/**
 * Gives the project of tests that drive a served Worker. One server serves all files, one after another: what
 * one of them sets for the project must not reach the next.
 */
const served = (name: string, groupOrder: number) => ({
  resolve: { alias },
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    provide: { clock },
    globalSetup: ['./test/support/serve.ts'],
    testTimeout: 60_000,
    maxWorkers: 1,
    sequence: { groupOrder },
  },
})

export default defineConfig({
  test: {
    maxWorkers: 3, // much of the time goes by in waiting, also where there are two cores
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          provide: { clock },
          testTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              bindings: {
                // What a developer has in .dev.vars is not for tests; an empty setting is one that is not set.
                ...Object.fromEntries([...VARS, ...SECRETS].map((name) => [name, ''])),
                MIGRATIONS: await readD1Migrations('./drizzle'),
                API_KEY: `standard_${'a1'.repeat(128)}`,
                SECRET: 'a secret that only the tests know, long enough',
                RATE_LIMITS: 'on',
                LOG: 'off',
              },
            },
          })),
        ],
        test: {
          name: 'api',
          include: ['test/api/**/*.test.ts', 'test/conformance/**/*.test.ts'],
          provide: { clock },
          globalSetup: ['./test/support/smtp.ts', './test/support/receiver.ts'],
          setupFiles: ['./test/support/migrate.ts'],
          testTimeout: 60_000,
        },
      },
      served('sdk', 1),
      served('browser', 2),
    ],
  },
})
