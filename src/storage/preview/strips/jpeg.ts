import { Buffer } from 'node:buffer'
import { joinBytes } from '#/storage/preview/bytes'
import { STEPS } from '#/storage/preview/codecs/jpeg-quality'
import type { Pixels } from '#/storage/preview/codecs/pixels'
import type { Size } from '#/storage/preview/geometry'
import { BitWriter, type Channel, codesOf, encodeBlock, factorsOf } from './jpeg-blocks.ts'
import {
  BRIGHTNESS_AC,
  BRIGHTNESS_DC,
  COLOR_AC,
  COLOR_DC,
  COLOR_STEPS,
  type HuffmanTable,
} from './jpeg-tables.ts'
import type { StripWriter } from './strips.ts'

/** From this quality on colours keep their resolution; below it they have half of it, each way. */
const FULL_COLOR_QUALITY = 90
const MAX_STEP = 255

/** Scales steps to a quality, as the reference encoder does. */
function stepsFor(table: readonly number[], quality: number): number[] {
  const percent = quality < 50 ? 5000 / quality : 200 - 2 * quality
  return table.map((step) => {
    const scaled = Math.floor((step * percent + 50) / 100)
    return Math.min(MAX_STEP, Math.max(1, scaled))
  })
}

const uint16 = (value: number) => [value >> 8, value & 0xff]
const segment = (marker: number, content: readonly number[]) =>
  Buffer.from([0xff, marker, ...uint16(content.length + 2), ...content])
const huffman = (kind: number, { counts, values }: HuffmanTable) => [kind, ...counts, ...values]

/**
 * Writes a baseline JPEG strip by strip, each a restart interval of its own, so that no more than a strip is in
 * memory. Alpha is left out of account.
 * @param quality 1 to 100
 */
export function jpegStrips({ width, height }: Size, quality: number): StripWriter {
  const sampling = quality < FULL_COLOR_QUALITY ? 2 : 1
  const side = 8 * sampling
  const columns = Math.ceil(width / side)
  const steps = [stepsFor(STEPS, quality), stepsFor(COLOR_STEPS, quality)] as const
  const brightness = codes(steps[0], BRIGHTNESS_DC, BRIGHTNESS_AC)
  const color = codes(steps[1], COLOR_DC, COLOR_AC)
  const channels: Channels = [brightness, color, { ...color }]
  const bits = new BitWriter()
  const parts: Uint8Array[] = []
  let strips = 0

  function start(rows: number) {
    parts.push(
      Buffer.from([0xff, 0xd8]),
      segment(0xe0, [...Buffer.from('JFIF\0'), 1, 1, 0, 0, 1, 0, 1, 0, 0]),
      segment(0xdb, [0, ...steps[0], 1, ...steps[1]]),
      segment(0xc0, [
        ...[8, ...uint16(height), ...uint16(width), 3],
        ...[1, (sampling << 4) | sampling, 0, 2, 0x11, 1, 3, 0x11, 1],
      ]),
      segment(0xc4, [
        ...huffman(0x00, BRIGHTNESS_DC),
        ...huffman(0x10, BRIGHTNESS_AC),
        ...huffman(0x01, COLOR_DC),
        ...huffman(0x11, COLOR_AC),
      ]),
      segment(0xdd, uint16(columns * Math.ceil(rows / side))),
      segment(0xda, [3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]),
    )
  }
  return {
    add(strip) {
      if (strips === 0) start(strip.height)
      else parts.push(Uint8Array.of(0xff, 0xd0 + ((strips - 1) & 7)))
      strips++
      for (const channel of channels) channel.before = 0
      for (let y = 0; y < strip.height; y += side) {
        for (let column = 0; column < columns; column++) {
          encodeUnit(strip, column * side, y, sampling, channels, bits)
        }
      }
      parts.push(bits.take())
    },
    finish() {
      parts.push(Uint8Array.of(0xff, 0xd9))
      return Promise.resolve(joinBytes(parts))
    },
  }
}

function codes(steps: readonly number[], dc: HuffmanTable, ac: HuffmanTable): Channel {
  return { factors: factorsOf(steps), dc: codesOf(dc), ac: codesOf(ac), before: 0 }
}

const [reds, greens, blues] = [0, 1, 2].map(() => new Float32Array(64)) as [
  Float32Array,
  Float32Array,
  Float32Array,
]

type Channels = [brightness: Channel, blue: Channel, red: Channel]

/** Encodes the blocks of one unit: brightness once or four times, then both colours. */
function encodeUnit(
  strip: Pixels,
  left: number,
  top: number,
  sampling: number,
  [brightness, blue, red]: Channels,
  bits: BitWriter,
) {
  for (let block = 0; block < sampling * sampling; block++) {
    read(strip, left + (block % 2) * 8, top + (block >> 1) * 8, 1)
    encodeBlock(mix(0.299, 0.587, 0.114, 128), brightness, bits)
  }
  if (sampling > 1) read(strip, left, top, sampling)
  encodeBlock(mix(-0.168736, -0.331264, 0.5, 0), blue, bits)
  encodeBlock(mix(0.5, -0.418688, -0.081312, 0), red, bits)
}

/** Reads 8 × 8 places, each the mean of `sampling` pixels each way; the last row and column go on beyond. */
function read({ data, width, height }: Pixels, left: number, top: number, sampling: number) {
  const share = 1 / (sampling * sampling)
  for (let index = 0; index < 64; index++) {
    let red = 0
    let green = 0
    let blue = 0
    for (let part = 0; part < sampling * sampling; part++) {
      const x = Math.min(width - 1, left + (index & 7) * sampling + (part & 1))
      const y = Math.min(height - 1, top + (index >> 3) * sampling + (part >> 1))
      const at = (y * width + x) * 4
      red += data[at] ?? 0
      green += data[at + 1] ?? 0
      blue += data[at + 2] ?? 0
    }
    reds[index] = red * share
    greens[index] = green * share
    blues[index] = blue * share
  }
}

const mixed = new Float32Array(64)

/** Mixes the colours read last into one channel. */
function mix(red: number, green: number, blue: number, offset: number): Float32Array {
  for (let index = 0; index < 64; index++) {
    mixed[index] =
      (reds[index] ?? 0) * red + (greens[index] ?? 0) * green + (blues[index] ?? 0) * blue - offset
  }
  return mixed
}
