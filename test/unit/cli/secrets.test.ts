import { spawn } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

/** Stands for the remote, and is as talkative as it can be: it prints all that it is given, and may fail then. */
const LOUD = `#!/usr/bin/env node
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require('node:fs')
const args = process.argv.slice(2)
appendFileSync(process.env.FAKE_REMOTE + '/commands', args.join(' ') + '\\n')
const file = args.includes('--secrets-file') ? readFileSync(args[args.indexOf('--secrets-file') + 1], 'utf8') : ''
if (file) appendFileSync(process.env.FAKE_REMOTE + '/secrets', file)
const text = [args.join(' '), file, ...Object.entries(process.env).map(([name, value]) => name + '=' + value)].join('\\n')
if (args.join(' ').startsWith(process.env.FAIL_AT)) { console.log(text); console.error(text); process.exit(1) }
if (args[0] === 'd1' && args[1] === 'list') console.log(JSON.stringify([{ uuid: 'id', name: 'edgewrite' }, { uuid: 'id', name: 'edgewrite-x' }]))
else if (args[0] === 'secret') { console.log(process.env.KNOWN || '[]') }
else if (args[0] === 'deploy') {
  writeFileSync(process.env.WRANGLER_OUTPUT_FILE_PATH, JSON.stringify({ type: 'deploy', targets: ['https://edgewrite.example.workers.dev'] }))
}
`

const PLANTED: Record<string, string> = {
  API_KEY: 'standard_planted-api-key-0123456789',
  SECRET: 'planted secret, 32 characters and more',
  SMTP_URL: 'smtps://planted-user:planted%2Fpassword@smtp.example.com',
  SMS_URL: 'twilio://ACplanted:planted-sms-token@api.twilio.com',
  SMS_HEADERS: '{"X-Api-Key":"planted-sms-header"}',
  CLOUDFLARE_API_TOKEN: 'planted-cloudflare-token',
}
/** What must not be read in any output, in any spelling. */
const NEEDLES = [
  ...['planted-api-key', 'planted secret', 'planted%2Fpassword', 'planted/password'],
  ...['planted-sms-token', 'planted-sms-header', 'planted-cloudflare-token'],
]
const CI = ['CI', 'GITHUB_ACTIONS', 'GITLAB_CI', 'WORKERS_CI', 'CF_PAGES', 'NETLIFY', 'VERCEL']

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgewrite-loud-'))
  writeFileSync(join(folder, 'wrangler'), LOUD)
  chmodSync(join(folder, 'wrangler'), 0o755)
  copyFileSync('wrangler.toml', join(folder, 'wrangler.toml'))
})
afterEach(() => rmSync(folder, { recursive: true }))

async function run(tool: string, args: string[], env: Record<string, string> = {}) {
  const nobody = Object.fromEntries(CI.map((name) => [name, '']))
  const child = spawn(process.execPath, [resolve(`src/cli/${tool}.ts`), ...args], {
    cwd: folder, // another file deploys from the project's
    env: {
      ...{ ...process.env, ...nobody, PATH: `${folder}:${process.env.PATH}` },
      ...{ FAKE_REMOTE: folder, FAIL_AT: 'nothing', ...env },
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
  const status = await new Promise((resolve) => child.on('exit', resolve))
  const read = (name: string) => {
    const file = join(folder, name)
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }
  const made: string[] = read('secrets')
    ? Object.values(JSON.parse(read('secrets').replace(/\}\{.*/s, '}')))
    : []
  return { status, output, made, commands: read('commands') }
}

const TOOLS: [tool: string, args: string[]][] = [
  ['deploy', []],
  ['deploy', ['--dry-run']],
  ['preview', ['x']],
  ['preview', ['x', '--delete']],
]

describe.each(TOOLS)('npm run %s %j', (tool, args) => {
  test.each(['nothing', 'd1', 'r2', 'queues', 'd1 migrations', 'secret list', 'deploy', 'delete'])(
    'prints no secret that it is given, also where the remote fails at %s and tells all it knows',
    async (FAIL_AT) => {
      const { output, commands } = await run(tool, args, { ...PLANTED, FAIL_AT })
      for (const needle of NEEDLES) expect(output).not.toContain(needle)
      for (const needle of NEEDLES) expect(commands).not.toContain(needle)
    },
  )
  test.each(['GITHUB_ACTIONS', 'CI', 'WORKERS_CI'])(
    'prints no secret that it makes where %s is set',
    async (name) => {
      for (const FAIL_AT of ['nothing', 'deploy']) {
        const { output, made } = await run(tool, args, { [name]: 'true', FAIL_AT })
        for (const secret of made) expect(output).not.toContain(secret)
        expect(output).not.toMatch(/standard_\w/)
      }
    },
  )
})

test('a made key is shown once to a person, and to a build server is said where to set one', async () => {
  const shown = await run('preview', ['x'])
  expect(shown.status, shown.output).toBe(0)
  const key = shown.made.find((secret) => secret.startsWith('standard_')) ?? '-'
  expect(shown.output.split(key)).toHaveLength(2)
  const { status, output } = await run('preview', ['x'], { CI: 'true' })
  expect(status).toBe(0)
  expect(output).toContain('wrangler secret put API_KEY --name edgewrite-x')
  expect(output).toContain('PREVIEW_API_KEY')
})

describe('PUBLIC_URL', () => {
  test('goes to the deployment, and to no preview', async () => {
    const env = { PUBLIC_URL: 'https://api.example.com/v1', PROJECT_NAME: 'Shop' }
    const deployed = await run('deploy', [], env)
    expect(deployed.commands).toContain('--var PUBLIC_URL:https://api.example.com/v1')
    rmSync(join(folder, 'commands'))
    const { commands } = await run('preview', ['x'], env)
    expect(commands).toContain('--var PROJECT_NAME:Shop')
    expect(commands).not.toContain('api.example.com')
    expect(commands).toMatch(/--var PUBLIC_URL:( |$)/m) // over what the Wrangler file says
  })
})

describe('a project ID that is no scheme', () => {
  test.each(['My_Project', 'myProject', 'my_project'])(
    '%s is refused to a new deployment',
    async (id) => {
      for (const [tool, args] of [
        ['deploy', []],
        ['preview', ['x']],
      ] as const) {
        const { status, output, commands } = await run(tool, [...args], { PROJECT_ID: id })
        expect([status, output]).toEqual([
          1,
          expect.stringContaining(`PROJECT_ID ${id} has capitals`),
        ])
        expect(commands).not.toContain('create')
      }
      const state = join(folder, 'state')
      const dev = await run('dev', [], {
        PROJECT_ID: id,
        EDGEWRITE_STATE: state,
        EDGEWRITE_VARS: join(folder, 'vars'),
      })
      expect([dev.status, dev.output]).toEqual([1, expect.stringContaining('no scheme')])
    },
  )
  test('stays with a warning where it serves', async () => {
    const KNOWN = JSON.stringify([{ name: 'API_KEY' }, { name: 'SECRET' }])
    const { status, output } = await run('deploy', [], { PROJECT_ID: 'My_Project', KNOWN })
    expect(status, output).toBe(0)
    expect(output).toContain('Warning: PROJECT_ID My_Project has capitals')
  })
  test.each(['my-project', 'my.project-1', '1x'])('%s is fine', async (id) => {
    const { status, output } = await run('deploy', [], { PROJECT_ID: id })
    expect(status, output).toBe(0)
    expect(output).not.toContain('Warning')
  })
})

test('every tool prints in the one way that takes secrets out', () => {
  const printing = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .filter((name) =>
      /^(?!\s*(?:\*|\/\/)).*(?:console[.[]|process\.std(?:out|err)\.)/m.test(
        readFileSync(`src/${name}`, 'utf8').replace(/^ {2}console\.log\(file\)$/m, ''), // an example
      ),
    )
  expect(printing.sort()).toEqual(['cli/print.ts', 'lib/log.ts'])
})
