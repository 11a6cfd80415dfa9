import { spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { configFor, previewOf, productionOf, slugOf } from '../../../src/cli/deployment.ts'

/** Stands for the remote: records each command, and knows what was made. It is no part of what is tested. */
const FAKE = `#!/usr/bin/env node
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require('node:fs')
const args = process.argv.slice(2)
const [folder] = [process.env.FAKE_REMOTE]
const file = folder + '/state.json'
const state = existsSync(file) ? JSON.parse(readFileSync(file)) : { databases: [], made: [], secrets: {} }
const save = () => writeFileSync(file, JSON.stringify(state))
const fail = (text) => { console.error(text); process.exit(1) }
const after = (flag) => args[args.indexOf(flag) + 1]
const command = args.slice(0, 3).join(' ')
const config = args.includes('--config') ? readFileSync(after('--config'), 'utf8') : undefined
const home = process.env.XDG_CONFIG_HOME ?? null
appendFileSync(folder + '/commands.ndjson', JSON.stringify({ args, config, home }) + '\\n')
if (state.failAt && command.startsWith(state.failAt)) fail('the remote is down')
if (command === 'd1 list --json') console.log(JSON.stringify(state.databases))
else if (command.startsWith('d1 create')) { state.databases.push({ uuid: 'id-of-' + args[2], name: args[2] }); save() }
else if (/^(r2 bucket|queues) create/.test(command) || /^queues create/.test(command)) {
  if (state.made.includes(command)) fail('A resource with this name already exists.')
  state.made.push(command); save()
} else if (command.startsWith('secret list')) {
  const own = state.secrets[after('--name')]
  if (!own) fail('This Worker does not exist on your account. [code: 10007]')
  console.log(JSON.stringify(own.map((name) => ({ name }))))
} else if (command.startsWith('deploy')) {
  const name = /^name = "(.*)"$/m.exec(config)[1]
  const given = args.includes('--secrets-file') ? Object.keys(JSON.parse(readFileSync(after('--secrets-file')))) : []
  state.secrets[name] = [...new Set([...(state.secrets[name] ?? []), ...given])]; save()
  const report = { type: 'deploy', targets: ['https://' + name + '.example.workers.dev'] }
  writeFileSync(process.env.WRANGLER_OUTPUT_FILE_PATH, '{"type":"wrangler-session"}\\n' + JSON.stringify(report) + '\\n')
} else if (/^(delete|d1 delete|queues delete|queues consumer)/.test(command) && !state.secrets[args.at(-1)] && !state.databases.length) {
  fail('not found')
}
`

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgewrite-remote-'))
  writeFileSync(join(folder, 'wrangler'), FAKE)
  chmodSync(join(folder, 'wrangler'), 0o755)
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Runs a tool as npm does. @returns its status, what it printed, and the commands it gave the remote */
async function run(
  tool: string,
  args: string[] = [],
  env: Record<string, string | undefined> = {},
) {
  const record = join(folder, 'commands.ndjson')
  rmSync(record, { force: true })
  const child = spawn(process.execPath, [`src/cli/${tool}.ts`, ...args], {
    env: {
      ...process.env,
      CI: '',
      GITHUB_ACTIONS: '',
      PATH: `${folder}:${process.env.PATH}`,
      FAKE_REMOTE: folder,
      ...env,
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
  const status = await new Promise((resolve) => child.on('exit', resolve))
  const commands: { args: string[]; config?: string; home: string | null }[] = existsSync(record)
    ? readFileSync(record, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    : []
  return { status, output, commands, lines: commands.map(({ args }) => args.join(' ')) }
}

const left = () => readdirSync('.').filter((name) => /^wrangler\..+\.toml$/.test(name))

describe('npm run deploy', () => {
  test('makes all that is missing, in an order in which nothing serves without its tables', async () => {
    const { status, output, lines, commands } = await run('deploy')
    expect(status, output).toBe(0)
    const steps = lines.map((line) => line.replace(/ --(config|secrets-file) \S+/g, ''))
    expect(steps).toEqual([
      'd1 list --json',
      'd1 create edgewrite',
      'd1 list --json',
      'r2 bucket create edgewrite',
      'queues create edgewrite-events',
      'd1 migrations apply DB --remote',
      'secret list --name edgewrite --format json',
      'deploy --keep-vars',
    ])
    for (const { config } of commands.filter(({ config }) => config)) {
      expect(config).toContain('database_id = "id-of-edgewrite"')
    }
    expect(output).toContain('https://edgewrite.example.workers.dev/v1')
    expect(output).toMatch(/API key +standard_[0-9a-f]{256}\n/)
    expect(left()).toEqual([])
  })
  test('changes nothing of what is there when it runs again, and shows no key', async () => {
    const first = await run('deploy')
    const again = await run('deploy')
    expect(again.status, again.output).toBe(0)
    expect(again.lines.some((line) => line.startsWith('d1 create'))).toBe(false)
    expect(again.lines.at(-1)).not.toContain('--secrets-file')
    expect(first.output).toContain('API key')
    expect(again.output).not.toContain('API key')
  })
  test.each([undefined, '/elsewhere'])(
    'lets Wrangler find who is signed in where `wrangler login` has put it: %s',
    async (home) => {
      const { commands } = await run('deploy', [], { XDG_CONFIG_HOME: home })
      expect(new Set(commands.map((command) => command.home))).toEqual(new Set([home ?? null]))
    },
  )
  test('passes on settings, secrets never on the command line', async () => {
    const given = {
      PROJECT_NAME: 'Shop',
      SMTP_URL: 'smtps://u:p@example.com',
      API_KEY: 'k'.repeat(40),
    }
    const { output, lines } = await run('deploy', [], { ...given, DATABASE_JURISDICTION: 'eu' })
    expect(lines[1]).toBe('d1 create edgewrite --jurisdiction eu')
    expect(lines.at(-1)).toContain('--var PROJECT_NAME:Shop')
    expect(`${lines}${output}`).not.toContain(given.SMTP_URL)
    expect(`${lines}${output}`).not.toContain(given.API_KEY)
  })
  test('prints every remote step and takes none with --dry-run', async () => {
    const real = await run('deploy')
    rmSync(join(folder, 'state.json'))
    const rehearsed = await run('deploy', ['--dry-run'])
    expect([rehearsed.status, rehearsed.commands]).toEqual([0, []])
    const known = (line: string) => line.split(' ').slice(0, 3).join(' ')
    for (const line of real.lines) expect(rehearsed.output).toContain(`$ wrangler ${known(line)}`)
    expect(left()).toEqual([])
  })
  test('stops at a step that fails, says so, and goes on from there in the next run', async () => {
    const state = { databases: [], made: [], secrets: {}, failAt: 'd1 migrations' }
    writeFileSync(join(folder, 'state.json'), JSON.stringify(state))
    const failed = await run('deploy')
    expect([failed.status, failed.lines.at(-1)]).toEqual([1, expect.stringContaining('migrations')])
    expect(failed.output).toContain('the remote is down')
    expect(left()).toEqual([])
    const kept = JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8'))
    writeFileSync(join(folder, 'state.json'), JSON.stringify({ ...kept, failAt: undefined }))
    expect((await run('deploy')).status).toBe(0)
  })
})

describe('npm run preview', () => {
  test('gives a branch all of its own', async () => {
    await run('deploy')
    const { status, output, lines, commands } = await run('preview', ['feature/x'])
    expect(status, output).toBe(0)
    const name = previewOf('feature/x').worker
    expect(lines).toEqual(
      expect.arrayContaining([
        `d1 create ${name}`,
        `r2 bucket create ${name}`,
        `queues create ${name}-events`,
      ]),
    )
    const config = commands.at(-1)?.config ?? ''
    expect(config).toContain(`database_id = "id-of-${name}"`)
    for (const [, shared] of config.matchAll(
      /^(?:name|database_name|bucket_name|queue) = "(.*)"$/gm,
    )) {
      if (shared?.startsWith('edgewrite')) expect(shared).toContain(name)
    }
    expect(lines.at(-1)).toContain('--var MAIL_OUTBOX:on')
    expect(output).toMatch(/API key +standard_/)
  })
  test('is taken down with all its files, and a second time without complaint', async () => {
    const { server, base, calls } = await bucketServer(['blobs/a', 'variants/b c'])
    await run('preview', ['x'])
    const env = {
      CLOUDFLARE_API_BASE_URL: base,
      CLOUDFLARE_API_TOKEN: 't',
      CLOUDFLARE_ACCOUNT_ID: 'acc',
    }
    for (const round of [1, 2]) {
      const { status, output, lines } = await run('preview', ['x', '--delete'], env)
      expect(status, `${round} ${output}`).toBe(0)
      expect(lines).toEqual([
        'queues consumer remove edgewrite-x-events edgewrite-x',
        'delete edgewrite-x --force',
        'queues delete edgewrite-x-events',
        'd1 delete edgewrite-x --skip-confirmation',
        'r2 bucket delete edgewrite-x',
      ])
    }
    expect(calls.filter((call) => call.startsWith('DELETE'))).toEqual([
      'DELETE /accounts/acc/r2/buckets/edgewrite-x/objects/blobs/a',
      'DELETE /accounts/acc/r2/buckets/edgewrite-x/objects/variants/b%20c',
    ])
    server.close()
  })
  test('asks for a branch', async () => {
    const { status, output, commands } = await run('preview')
    expect([status, commands]).toEqual([1, []])
    expect(output).toContain('npm run preview -- <branch>')
  })
})

/** Serves a bucket's objects as the REST API does. */
async function bucketServer(keys: string[]) {
  const calls: string[] = []
  const server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`)
    const [, key] = /objects\/(.*)$/.exec(request.url ?? '') ?? []
    if (key) keys.splice(keys.indexOf(decodeURIComponent(key)), 1)
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ result: keys.map((name) => ({ key: name })) }))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  return { server, calls, base: `http://127.0.0.1:${port}` }
}

test.each([
  ['main', 'main'],
  ['feature/x', expect.stringMatching(/^feature-x-[0-9a-f]{6}$/)],
  ['Feature-X', expect.stringMatching(/^feature-x-[0-9a-f]{6}$/)],
  ['ümläut', expect.stringMatching(/^ml-ut-[0-9a-f]{6}$/)],
  ['///', expect.stringMatching(/^[0-9a-f]{6}$/)],
  ['a'.repeat(200), expect.stringMatching(/^a{33}-[0-9a-f]{6}$/)],
])('names branch %s', (branch, slug) => {
  expect(slugOf(branch)).toEqual(slug)
  expect(previewOf(branch).queue.length).toBeLessThanOrEqual(63)
})

test('keeps branches apart whose names differ in what names cannot hold', () => {
  const names = ['a/b', 'a-b', 'a_b', 'A-B', 'a--b'].map(slugOf)
  expect(new Set(names).size).toBe(names.length)
})

test('leaves nothing in the configuration that names another deployment', () => {
  const toml = readFileSync('wrangler.toml', 'utf8')
  const preview = configFor(toml, previewOf('x'), 'some-id')
  expect(preview).not.toMatch(/^(name|database_name|bucket_name|queue) = "edgewrite(-events)?"$/m)
  expect(preview).not.toContain('00000000-0000')
  expect(preview).not.toContain('namespace_id = "20261"')
  expect(configFor(toml, productionOf(toml))).toBe(toml)
})

test('takes the names and the database that the deploy button has filled in', () => {
  const toml = `name = "shop"
database_name = "shop-db"
database_id = "5f0e"
bucket_name = "shop-files"
queue = "shop-queue"
`
  expect(productionOf(toml)).toEqual({
    worker: 'shop',
    database: 'shop-db',
    databaseId: '5f0e',
    bucket: 'shop-files',
    queue: 'shop-queue',
    vars: {},
  })
})
