import { AS_KEY, startServer } from './server.ts'

/**
 * Shows that memory does not follow the size of a file: uploads files of 20 and 200 MiB in chunks of 5 MiB,
 * up to 8 at once as the SDKs do, downloads them, and prints the peak of what the Worker's isolate cannot do
 * without: its live heap and what buffers hold outside of it, as the debugger tells after each collection.
 */

const MIB = 1024 * 1024
const CHUNK = 5 * MIB
const INSPECTOR_PORT = 18_788
/** A collection takes the isolate's time: between two it must get some work done. */
const PAUSE_MS = 100

const { origin, stop } = await startServer(INSPECTOR_PORT)
const inspector = await connect()

/** Opens the debugger of the Worker's isolate. */
async function connect() {
  const list = await fetch(`http://127.0.0.1:${INSPECTOR_PORT}/json`)
  const targets = (await list.json()) as { webSocketDebuggerUrl: string }[]
  const target = targets.find(({ webSocketDebuggerUrl }) => /core:user:/.test(webSocketDebuggerUrl))
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? '', {
    headers: { Origin: 'http://localhost' }, // the debugger refuses a client that gives none
  } as never)
  await new Promise((resolve) => socket.addEventListener('open', resolve))
  return socket
}

let asked = 0
function command(method: string): Promise<{ usedSize: number; backingStorageSize: number }> {
  const id = ++asked
  return new Promise((resolve) => {
    const listen = ({ data }: MessageEvent) => {
      const answer = JSON.parse(`${data}`)
      if (answer.id !== id) return
      inspector.removeEventListener('message', listen)
      resolve(answer.result)
    }
    inspector.addEventListener('message', listen)
    inspector.send(JSON.stringify({ id, method }))
  })
}

/**
 * Returns the bytes that are left after a garbage collection. An isolate with nothing to do runs none: the
 * answer is undefined when `finished` comes first.
 */
async function liveMemory(finished: Promise<undefined>): Promise<number | undefined> {
  const collected = await Promise.race([command('HeapProfiler.collectGarbage'), finished])
  if (!collected) return
  const { usedSize, backingStorageSize } = await command('Runtime.getHeapUsage')
  return usedSize + backingStorageSize
}

const api = new URL('/v1/storage/buckets', origin).href
await fetch(api, {
  method: 'POST',
  headers: { ...AS_KEY, 'Content-Type': 'application/json' },
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
      ...AS_KEY,
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
  const answer = await fetch(`${api}/memory/files/${fileId}/download`, { headers: AS_KEY })
  let bytes = 0
  for await (const part of answer.body ?? []) bytes += part.length
  if (bytes !== size) throw new Error(`Got ${bytes} of ${size} bytes.`)
}

async function measure(name: string, step: () => Promise<void>) {
  let peak = 0
  let isRunning = true
  const started = performance.now()
  const finished = step().then(() => {
    isRunning = false
    return undefined
  })
  while (isRunning) {
    peak = Math.max(peak, (await liveMemory(finished)) ?? 0)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
  await finished
  const seconds = (performance.now() - started) / 1000
  console.log(
    `${name.padEnd(20)}${(peak / MIB).toFixed(0).padStart(4)} MiB${seconds.toFixed(1).padStart(8)} s`,
  )
}

console.log("Peak live memory of the Worker's isolate, of 128 MiB allowed")
for (const size of [20, 200, 20, 200]) {
  const id = `f${size}-${Math.floor(performance.now())}`
  await measure(`upload ${size} MiB`, () => upload(id, size * MIB))
  await measure(`download ${size} MiB`, () => download(id, size * MIB))
}
inspector.close()
await stop()
