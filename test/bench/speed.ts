import { readdirSync, readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { picture } from '../fixtures/pictures.ts'
import { AS_GUEST, AS_KEY, startServer } from './server.ts'

/**
 * Measures the hot paths of Storage in workerd on this machine: CPU of the server with its D1 and R2, time
 * from request to last byte, one request at a time, and requests per second with 16 at once. The client shares
 * the machine with the server, and D1, R2 and Images are the local simulators: figures compare versions of
 * Edgewrite, not networks. CPU is the one of them that a busy machine leaves alone.
 */

const AT_ONCE = 16
const SECONDS = Number(process.env.SECONDS ?? 4)
const MIB = 1024 * 1024
const { origin, stop } = await startServer()

type Ask = { method?: string; path: string; headers?: Record<string, string>; body?: Buffer }
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })

/** Sends a request and reads the answer to its end. @returns its bytes */
const send = ({ method = 'GET', path, headers = AS_KEY, body }: Ask) =>
  new Promise<Buffer>((resolve, reject) => {
    const length = body ? { 'Content-Length': body.length } : {}
    const options = {
      hostname: origin.hostname,
      port: origin.port,
      path: `/v1${path}`,
      method,
      agent,
      headers: { ...headers, ...length },
    }
    const sent = request(options, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part) => parts.push(part))
      answer.on('end', () => {
        const all = Buffer.concat(parts)
        if ((answer.statusCode ?? 500) < 300) resolve(all)
        else reject(new Error(`${method} ${path}: ${answer.statusCode} ${all}`))
      })
      answer.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })

const json = (method: string, path: string, body: object) =>
  send({
    method,
    path,
    headers: { ...AS_KEY, 'Content-Type': 'application/json' },
    body: Buffer.from(JSON.stringify(body)),
  })

/** Makes the request that uploads a file, as the SDKs do. */
function upload(bucketId: string, fileId: string, name: string, content: Buffer): Ask {
  const part = (disposition: string, value: Buffer | string) => [
    Buffer.from(`--X\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`),
    Buffer.from(value),
    Buffer.from('\r\n'),
  ]
  return {
    method: 'POST',
    path: `/storage/buckets/${bucketId}/files`,
    headers: { ...AS_KEY, 'Content-Type': 'multipart/form-data; boundary=X' },
    body: Buffer.concat([
      ...part('name="fileId"', fileId),
      ...part(`name="file"; filename="${name}"`, content),
      Buffer.from('--X--\r\n'),
    ]),
  }
}

await json('POST', '/storage/buckets', {
  bucketId: 'b',
  name: 'Bench',
  permissions: ['read("any")'],
  encryption: false,
})
for (let index = 0; index < 200; index++) {
  await send(upload('b', `f${index}`, `file ${index}.txt`, Buffer.from(`file ${index}`)))
}
const mebibyte = Buffer.alloc(MIB, 'edgewrite')
await send(upload('b', 'mib', 'mib.bin', mebibyte))
await send(upload('b', 'photo', 'photo.jpg', Buffer.from(picture('jpeg6'))))

const files = '/storage/buckets/b/files'
let count = 0
const PATHS: [name: string, ask: () => Ask][] = [
  ['get a file', () => ({ path: `${files}/f7` })],
  ['get a file as a guest', () => ({ path: `${files}/f7`, headers: AS_GUEST })],
  ['list 25 files of 202', () => ({ path: files })],
  ['download 1 MiB', () => ({ path: `${files}/mib/download` })],
  [
    'view 64 KiB of 1 MiB',
    () => ({ path: `${files}/mib/view`, headers: { ...AS_GUEST, Range: 'bytes=500000-565535' } }),
  ],
  ['warm preview', () => ({ path: `${files}/photo/preview?width=64`, headers: AS_GUEST })],
  [
    'cold preview',
    () => ({
      path: `${files}/photo/preview?width=${(count++ % 4000) + 1}&height=${(count % 300) + 1}`,
    }),
  ],
  ['upload 10 bytes', () => upload('b', 'unique()', 'a.txt', Buffer.from('0123456789'))],
  ['upload 1 MiB', () => upload('b', 'unique()', 'a.bin', mebibyte)],
]

/** Repeats a request from several lanes for some seconds. @returns how long each took, in ms */
async function repeat(ask: () => Ask, lanes: number): Promise<number[]> {
  const times: number[] = []
  const end = performance.now() + SECONDS * 1000
  const lane = async () => {
    while (performance.now() < end) {
      const started = performance.now()
      await send(ask())
      times.push(performance.now() - started)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return times.sort((a, b) => a - b)
}

/** Returns the CPU time of all processes that this one started, in ms; 0 where the system does not tell. */
function serverCpuMs(): number {
  if (process.platform !== 'linux') return 0
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ')
  const threads = children.flatMap((child) =>
    readdirSync(`/proc/${child}/task`).map((thread) => `/proc/${child}/task/${thread}/schedstat`),
  )
  const nanoseconds = threads.map((file) => Number(readFileSync(file, 'utf8').split(' ')[0]))
  return nanoseconds.reduce((sum, time) => sum + time, 0) / 1e6
}

const wanted = process.argv[2] ?? ''
console.log(`${''.padEnd(24)}   CPU ms   p50 ms   p95 ms    per second, ${AT_ONCE} at once`)
for (const [name, ask] of PATHS) {
  if (!name.includes(wanted)) continue
  for (let warm = 0; warm < 20; warm++) await send(ask())
  const before = serverCpuMs()
  const alone = await repeat(ask, 1)
  const cpu = ((serverCpuMs() - before) / alone.length).toFixed(1)
  const share = (part: number) => (alone[Math.floor(alone.length * part)] ?? 0).toFixed(1)
  const together = await repeat(ask, AT_ONCE)
  console.log(
    `${name.padEnd(24)}${cpu.padStart(9)}${share(0.5).padStart(9)}${share(0.95).padStart(9)}${(together.length / SECONDS).toFixed(0).padStart(14)}`,
  )
}
agent.destroy()
await stop()
