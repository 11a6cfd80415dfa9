import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Shows that memory does not follow the size of a file: uploads files of 20 and 200 MiB in chunks of 5 MiB,
 * up to 8 at once as the SDKs do, downloads them, and prints the peak memory of the Worker's isolate, as its
 * debugger reports it every few milliseconds.
 */

const MIB = 1024 * 1024
const CHUNK = 5 * MIB
const port = 18_787
const inspectorPort = 18_788
const state = mkdtempSync(join(tmpdir(), 'edgewrite-memory-'))
const key = `standard_${'0f'.repeat(128)}`
const server = spawn('node', ['src/cli/dev.ts', '--inspector-port', `${inspectorPort}`], {
  env: {
    ...process.env,
    PORT: `${port}`,
    EDGEWRITE_STATE: state,
    API_KEY: key,
    SECRET: 'a secret for this measurement alone, long enough',
  },
  detached: true,
  stdio: ['ignore', 'pipe', 'inherit'],
})
await new Promise<void>((resolve) => {
  server.stdout.on('data', (data: Buffer) => {
    if (`${data}`.includes('is serving')) resolve()
  })
})

const inspector = await connect()

/** Opens the debugger of the Worker's isolate. */
async function connect() {
  const targets = (await (await fetch(`http://127.0.0.1:${inspectorPort}/json`)).json()) as {
    webSocketDebuggerUrl: string
  }[]
  const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? '', {
    headers: { Origin: 'http://localhost' }, // the debugger refuses a client that gives none
  } as never)
  await new Promise((resolve) => socket.addEventListener('open', resolve))
  return socket
}

let asked = 0
/** Asks the isolate for its memory in bytes: JavaScript heap, and what buffers hold outside of it. */
function isolateMemory(): Promise<number> {
  const id = ++asked
  return new Promise((resolve) => {
    const listen = ({ data }: MessageEvent) => {
      const answer = JSON.parse(`${data}`)
      if (answer.id !== id) return
      inspector.removeEventListener('message', listen)
      resolve(answer.result.usedSize + answer.result.backingStorageSize)
    }
    inspector.addEventListener('message', listen)
    inspector.send(JSON.stringify({ id, method: 'Runtime.getHeapUsage' }))
  })
}

const headers = { 'X-Appwrite-Project': 'edgewrite', 'X-Appwrite-Key': key }
const api = `http://127.0.0.1:${port}/v1/storage/buckets`
await fetch(api, {
  method: 'POST',
  headers: { ...headers, 'Content-Type': 'application/json' },
  body: JSON.stringify({ bucketId: 'memory', name: 'Memory' }),
})

async function sendChunk(fileId: string, index: number, size: number) {
  const start = index * CHUNK
  const end = Math.min(size, start + CHUNK)
  const form = new FormData()
  form.set('fileId', fileId)
  form.set('file', new File([Buffer.alloc(end - start, index)], 'memory.bin'))
  const answer = await fetch(`${api}/memory/files`, {
    method: 'POST',
    headers: {
      ...headers,
      'Content-Range': `bytes ${start}-${end - 1}/${size}`,
      'X-Appwrite-ID': fileId,
    },
    body: form,
  })
  if (answer.status !== 201) throw new Error(await answer.text())
  await answer.arrayBuffer()
}

async function upload(fileId: string, size: number) {
  await sendChunk(fileId, 0, size)
  const rest = Array.from({ length: Math.ceil(size / CHUNK) - 1 }, (_, index) => index + 1)
  const lane = async () => {
    for (let index = rest.shift(); index !== undefined; index = rest.shift())
      await sendChunk(fileId, index, size)
  }
  await Promise.all(Array.from({ length: 8 }, lane))
}

async function download(fileId: string, size: number) {
  const answer = await fetch(`${api}/memory/files/${fileId}/download`, { headers })
  let bytes = 0
  for await (const part of answer.body ?? []) bytes += part.length
  if (bytes !== size) throw new Error(`Got ${bytes} of ${size} bytes.`)
}

async function measure(name: string, step: () => Promise<void>) {
  let peak = 0
  let running = true
  const watch = (async () => {
    while (running) {
      peak = Math.max(peak, await isolateMemory())
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  })()
  const started = performance.now()
  await step()
  running = false
  await watch
  const seconds = (performance.now() - started) / 1000
  console.log(
    `${name.padEnd(20)}${(peak / MIB).toFixed(0).padStart(4)} MiB${seconds.toFixed(1).padStart(8)} s`,
  )
}

console.log("Peak memory of the Worker's isolate, of 128 MiB allowed")
for (const size of [20, 200, 20, 200]) {
  const id = `f${size}-${Math.floor(performance.now())}`
  await measure(`upload ${size} MiB`, () => upload(id, size * MIB))
  await measure(`download ${size} MiB`, () => download(id, size * MIB))
}
if (server.pid) process.kill(-server.pid, 'SIGTERM')
await new Promise((resolve) => server.on('exit', resolve))
rmSync(state, { recursive: true, force: true })
