import { readdirSync, readFileSync } from 'node:fs'
import { crc32, deflateSync } from 'node:zlib'
import { AS_KEY, startServer } from './server.ts'

/**
 * Measures what previews of full-size pictures take: CPU and memory of the server, and time to the last byte.
 * Decoding and resizing happen in the simulator of Images, outside the server's process: its time is part of
 * `time`, never of `CPU`. What is refused is printed with its error.
 *
 * usage: npm run bench:previews [-- part of a case's name]
 */

const MIB = 1024 * 1024
const { origin, stop } = await startServer()
const api = new URL('/v1/storage/buckets', origin).href

/** Builds a PNG of 8-bit colours. @param paint returns red, green and blue, 0 to 255 */
function png(width: number, height: number, paint: (x: number, y: number) => number[]): Buffer {
  const lineBytes = width * 3 + 1
  const lines = Buffer.alloc(lineBytes * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) lines.set(paint(x, y), y * lineBytes + 1 + x * 3)
    // Each byte becomes its difference to the pixel before it (filter 1).
    for (let at = (y + 1) * lineBytes - 1; at > y * lineBytes + 3; at--) {
      lines[at] = (lines[at] ?? 0) - (lines[at - 3] ?? 0)
    }
    lines[y * lineBytes] = 1
  }
  const chunk = (name: string, content: Buffer) => {
    const framed = Buffer.alloc(content.length + 12)
    framed.writeUInt32BE(content.length, 0)
    framed.write(name, 4)
    framed.set(content, 8)
    framed.writeUInt32BE(crc32(framed.subarray(4, -4)), content.length + 8)
    return framed
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2], 8)
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(lines, { level: 1 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

let seed = 1
/** Returns a number from 0 to 1 (xorshift). */
function noise(): number {
  seed ^= seed << 13
  seed ^= seed >>> 17
  seed ^= seed << 5
  return (seed >>> 0) / 2 ** 32
}

/** Paints smooth waves with a little grain, which compress about as photographs do. */
function landscape(x: number, y: number): number[] {
  const grain = noise() * 3
  const wave = Math.sin(x / 97) * Math.cos(y / 61) + Math.sin((x + y) / 13) / 4
  return [128 + 90 * wave, 120 + 80 * Math.sin(wave * 3), 90 + y / 40].map((c) => c + grain)
}

/** Builds a GIF of empty frames: each is one clear code and one end code. */
function longGif(frames: number): Buffer {
  const frame = [0x2c, 0, 0, 0, 0, 60, 0, 40, 0, 0, 2, 2, 0x44, 0x05, 0]
  const head = Buffer.from('GIF89a<\0(\0\x80\0\0\0\0\0\xff\xff\xff', 'latin1')
  return Buffer.concat([head, ...Array(frames).fill(Buffer.from(frame)), Buffer.from([0x3b])])
}

const AS_JSON = { ...AS_KEY, 'Content-Type': 'application/json' }
const body = JSON.stringify({ bucketId: 'b', name: 'Bench', encryption: false })
await fetch(api, { method: 'POST', headers: AS_JSON, body })

async function upload(fileId: string, name: string, content: Buffer<ArrayBuffer>) {
  const form = new FormData()
  form.set('fileId', fileId)
  form.set('file', new File([content], name))
  const answer = await fetch(`${api}/b/files`, { method: 'POST', headers: AS_KEY, body: form })
  if (answer.status !== 201) throw new Error(await answer.text())
}
const preview = (path: string) => fetch(`${api}/b/files/${path}`, { headers: AS_KEY })

const large = png(4000, 3000, landscape)
console.log(`The PNG has ${(large.length / MIB).toFixed(1)} MiB.`)
await upload('png', 'photo.png', Buffer.from(large))
const photo = await preview('png/preview?output=jpg')
await upload('photo', 'photo.jpg', Buffer.from(await photo.arrayBuffer()))
await upload('line', 'line.png', Buffer.from(png(1, 3000, landscape)))
await upload('long', 'long.gif', Buffer.from(longGif(300)))
await upload('text', 'text.txt', Buffer.from('a text'))

const CASES: readonly (readonly [name: string, path: string])[] = [
  ['12 MP as it is', 'photo/preview?width=4000'],
  ['12 MP, width 1200', 'photo/preview?width=1200'],
  ['12 MP, radius, width 1200', 'photo/preview?width=1200&borderRadius=60'],
  ['12 MP, radius', 'photo/preview?borderRadius=200'],
  ['12 MP, radius, PNG', 'photo/preview?borderRadius=200&output=png'],
  ['12 MP, radius, WebP', 'photo/preview?borderRadius=200&output=webp'],
  ['12 MP, rotation 90', 'photo/preview?rotation=90'],
  ['12 MP, rotation 90, width 2400', 'photo/preview?width=2400&rotation=90'],
  ['12 MP, rotation 30', 'photo/preview?rotation=30'],
  ['12 MP, rotation 30, width 1200', 'photo/preview?width=1200&rotation=30'],
  ['12 MP, opacity', 'photo/preview?opacity=0.5'],
  ['12 MP, opacity, WebP', 'photo/preview?opacity=0.5&output=webp'],
  ['12 MP, opacity, PNG', 'photo/preview?opacity=0.5&output=png'],
  ['12 MP, border', 'photo/preview?borderWidth=20&borderColor=ff8800'],
  ['12 MP, border, WebP', 'photo/preview?borderWidth=20&borderColor=ff8800&output=webp'],
  ['12 MP, background', 'photo/preview?background=ffffff'],
  ['12 MP PNG, background', 'png/preview?background=ffffff'],
  ['12 MP, GIF', 'photo/preview?output=gif'],
  ['12 MP, quality 70', 'photo/preview?quality=70'],
  ['12 MP, quality 70, WebP', 'photo/preview?quality=70&output=webp'],
  ['AVIF, width 1600', 'photo/preview?width=1600&output=avif'],
  ['AVIF, width 4000', 'photo/preview?width=4000&output=avif'],
  ['icon, width 3000', 'text/preview?width=3000'],
  ['icon, width 4000', 'text/preview?width=4000'],
  ['GIF of 300 frames to JPEG', 'long/preview?output=jpg'],
  ['1 x 3000, width 1000', 'line/preview?width=1000'],
]

/** Returns the processes that this one started; none where the system does not say. */
const children = () =>
  process.platform === 'linux'
    ? readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ')
    : []

/** Returns the CPU time of the server, in ms. */
function cpuMs(): number {
  const threads = children().flatMap((child) =>
    readdirSync(`/proc/${child}/task`).map((thread) => `/proc/${child}/task/${thread}/schedstat`),
  )
  const nanoseconds = threads.map((file) => Number(readFileSync(file, 'utf8').split(' ')[0]))
  return nanoseconds.reduce((sum, time) => sum + time, 0) / 1e6
}

/** Returns the memory that the server's process holds, in MiB. */
const memoryMib = () =>
  children().reduce((sum, child) => {
    const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child}/status`, 'utf8'))?.[1]
    return sum + Number(kib ?? 0) / 1024
  }, 0)

async function measure(path: string): Promise<string> {
  const [cpu, memory, started] = [cpuMs(), memoryMib(), performance.now()]
  let peak = memory
  const watch = setInterval(() => {
    peak = Math.max(peak, memoryMib())
  }, 20)
  const signal = AbortSignal.timeout(90_000)
  try {
    const answer = await fetch(`${api}/b/files/${path}`, { headers: AS_KEY, signal })
    const bytes = Buffer.from(await answer.arrayBuffer())
    const outcome = answer.ok
      ? `${answer.headers.get('Content-Type')}, ${(bytes.length / MIB).toFixed(1)} MiB`
      : `refused: ${answer.status} ${JSON.parse(`${bytes}`).type}`
    const seconds = (performance.now() - started) / 1000
    const figures = [
      `${(cpuMs() - cpu).toFixed(0)} ms`,
      `${seconds.toFixed(1)} s`,
      `${(peak - memory).toFixed(0)} MiB`,
    ]
    return `${figures.map((figure) => figure.padStart(10)).join('')}   ${outcome}`
  } catch (error) {
    return `   no answer: ${error}`
  } finally {
    clearInterval(watch)
  }
}

const wanted = process.argv[2] ?? ''
console.log(`${''.padEnd(34)}${'CPU'.padStart(10)}${'time'.padStart(10)}${'memory'.padStart(10)}`)
for (const [name, path] of CASES) {
  if (name.includes(wanted)) console.log(`${name.padEnd(34)}${await measure(path)}`)
}
await stop()
