import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    endpoint: string
    apiKey: string
    /** Folder of the server's storage. */
    state: string
  }
}

/** What the served Worker signs with. */
export const SECRET = 'a secret for the tests alone, long enough'

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })

/**
 * Starts Edgewrite as `npm run dev` does, on a free port and with storage of its own.
 * @param vars what a developer has set, by name
 */
export async function startServer(vars: Readonly<Record<string, string>> = {}) {
  const port = await freePort()
  const state = mkdtempSync(join(tmpdir(), 'edgewrite-'))
  const file = join(state, '.dev.vars') // not what the developer of this machine has set
  const lines = Object.entries(vars).map(([name, value]) => `${name}=${JSON.stringify(value)}\n`)
  writeFileSync(file, lines.join(''))
  const apiKey = `standard_${'5d'.repeat(128)}`
  const server = spawn('node', ['src/cli/dev.ts'], {
    env: {
      ...process.env,
      PORT: `${port}`,
      EDGEWRITE_STATE: state,
      EDGEWRITE_VARS: file,
      API_KEY: apiKey,
      SECRET,
      RATE_LIMITS: 'off',
      PLATFORMS: 'app.example.com',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let log = ''
  await new Promise<void>((resolve, reject) => {
    const note = (data: Buffer) => {
      log += data
      if (log.includes('Edgewrite is serving')) resolve()
    }
    server.stdout.on('data', note)
    server.stderr.on('data', note)
    server.on('exit', () => reject(new Error(`The server did not start:\n${log}`)))
  })
  const stop = async () => {
    server.removeAllListeners('exit')
    const gone = new Promise((resolve) => server.on('exit', resolve))
    if (server.pid) process.kill(-server.pid, 'SIGTERM')
    await gone
    rmSync(state, { recursive: true, force: true, maxRetries: 5 })
  }
  return { endpoint: `http://localhost:${port}/v1`, apiKey, state, stop }
}

/** Starts the server that tests share which change nothing for each other. */
export default async function serve(project: TestProject) {
  const { endpoint, apiKey, state, stop } = await startServer()
  project.provide('endpoint', endpoint)
  project.provide('apiKey', apiKey)
  project.provide('state', state)
  return stop
}
