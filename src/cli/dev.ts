import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseEnv } from 'node:util'
import { projectIdFault } from '../lib/project-id.ts'
import { SECRETS, VARS } from './deployment.ts'
import { conceal, isCi, print, printError, printOnce } from './print.ts'
import { quietEnv, run } from './quiet.ts'

/**
 * Starts Edgewrite on this machine: makes the secrets that are missing, applies migrations to the local
 * database, serves, and prints what a client needs. Settings come from the environment or `.dev.vars`.
 */

/** Where settings are kept, and secrets that were made. */
const VARS_FILE = process.env.EDGEWRITE_VARS ?? '.dev.vars'
/** Where the local database, blobs and logs are kept. */
const STATE = process.env.EDGEWRITE_STATE ?? '.wrangler'
const SETTINGS = [...VARS, ...SECRETS]

const fromFile = existsSync(VARS_FILE) ? parseEnv(readFileSync(VARS_FILE, 'utf8')) : {}
const settings: Record<string, string> = {}
for (const name of SETTINGS) {
  // The environment may be that of a deployment, whose public address this server does not have.
  const value = name === 'PUBLIC_URL' ? fromFile[name] : (process.env[name] ?? fromFile[name])
  if (value !== undefined) settings[name] = value
}

// One in `wrangler.toml` is the deployment's.
settings.PUBLIC_URL ??= ''

// Mails and text messages that no carrier is set for can be read at /outbox; nothing else switches this on.
settings.MAIL_OUTBOX = 'on'
// wrangler's proxy compresses text for who accepts it, whatever Cache-Control says; this is what stops it.
settings.IDENTITY_ENCODING = 'on'
settings.LOG ??= 'pretty'

const made: string[] = []
const make = (name: string, value: string) => {
  if (settings[name]) return
  settings[name] = value
  made.push(`${name}="${value}"`)
}
make('API_KEY', `standard_${randomBytes(128).toString('hex')}`)
make('SECRET', randomBytes(32).toString('hex'))
if (made.length > 0) {
  const before = existsSync(VARS_FILE) ? `${readFileSync(VARS_FILE, 'utf8').trimEnd()}\n` : ''
  writeFileSync(VARS_FILE, `${before.trimStart()}${made.join('\n')}\n`, { mode: 0o600 })
  chmodSync(VARS_FILE, 0o600)
}

const fault = settings.PROJECT_ID && projectIdFault(settings.PROJECT_ID)
if (fault && existsSync(`${STATE}/state`)) printError(`Warning: ${fault}.`)
else if (fault) {
  printError(`${fault}.`)
  process.exit(1)
}

conceal(...SECRETS.map((name) => settings[name]))

mkdirSync(STATE, { recursive: true })
const envFile = `${STATE}/dev.env`
/** Writes a value so that wrangler reads it back as it is: it would put the environment in place of `$NAME`. */
const quoted = (value: string) => {
  const mark = ["'", '`', '"'].find((one) => !value.includes(one)) ?? '"'
  return `${mark}${value.replaceAll('$', '\\$')}${mark}`
}
writeFileSync(
  envFile,
  Object.entries(settings)
    .map(([name, value]) => `${name}=${quoted(value)}\n`)
    .join(''),
  { mode: 0o600 },
)

run(
  'wrangler',
  ['d1', 'migrations', 'apply', 'DB', '--local', '--persist-to', `${STATE}/state`],
  STATE,
)

const port = process.env.PORT ?? fromFile.PORT ?? '8787'
const projectId = settings.PROJECT_ID ?? 'edgewrite'
const endpoint = `http://localhost:${port}/v1`
const server = spawn(
  'wrangler',
  [
    'dev',
    '--port',
    port,
    '--ip',
    process.env.HOST ?? '127.0.0.1',
    '--env-file',
    envFile,
    '--persist-to',
    `${STATE}/state`,
  ].concat(
    '--show-interactive-dev-session=false',
    '--log-level',
    'log',
    '--test-scheduled',
    ...process.argv.slice(2),
  ),
  { env: quietEnv(STATE), stdio: ['ignore', 'pipe', 'inherit'] },
)
// Of what wrangler writes beside warnings, the Worker's lines of requests are what a developer looks for.
createInterface({ input: server.stdout }).on('line', (line) => {
  if (line.startsWith('request ')) print(line)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => server.kill(signal))
server.on('exit', (code) => process.exit(code ?? 0))

await untilServing(`http://127.0.0.1:${port}/openapi.json`)
const shownKey = isCi() ? 'the API_KEY of this server' : `${settings.API_KEY}`
const greeting = `
Edgewrite is serving.

  Endpoint   ${endpoint}
  Project    ${projectId}
  API key    ${shownKey}
  Reference  http://localhost:${port}/reference
  Outbox     http://localhost:${port}/outbox (mails and text messages, unless SMTP_URL or SMS_URL is set)

Try it: save this as try.mjs and run it with node.

  import { Client, ID, Storage } from 'node-appwrite'
  import { InputFile } from 'node-appwrite/file'

  const client = new Client()
    .setEndpoint('${endpoint}')
    .setProject('${projectId}')
    .setKey('${shownKey}')
  const storage = new Storage(client)
  const bucket = await storage.createBucket({ bucketId: ID.unique(), name: 'Photos' })
  const file = await storage.createFile({
    bucketId: bucket.$id,
    fileId: ID.unique(),
    file: InputFile.fromPlainText('Hello', 'hello.txt'),
  })
  console.log(file)
`
if (isCi()) print(greeting)
else printOnce(greeting)

async function untilServing(url: string) {
  for (;;) {
    if (server.exitCode !== null) return
    const answer = await fetch(url).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
