import { type HuffmanTable, ZIGZAG } from './jpeg-tables.ts'

/** Codes of a table, and their lengths in bits, by what they stand for (ITU-T T.81, C.2). */
type Codes = { code: Uint16Array; length: Uint8Array }

export function codesOf({ counts, values }: HuffmanTable): Codes {
  const code = new Uint16Array(256)
  const length = new Uint8Array(256)
  let next = 0
  let index = 0
  for (const [bits, count] of counts.entries()) {
    for (let left = count; left > 0; left--) {
      const value = values[index++] ?? 0
      code[value] = next++
      length[value] = bits + 1
    }
    next <<= 1
  }
  return { code, length }
}

/** Collects bits, the highest first; a byte of ones is followed by a zero (ITU-T T.81, B.1.1.5). */
export class BitWriter {
  private bytes: Uint8Array
  private length = 0
  private held = 0
  private count = 0

  /** @param capacityBytes from which on its memory grows */
  constructor(capacityBytes = 64 * 1024) {
    this.bytes = new Uint8Array(capacityBytes)
  }
  /** @param bits at most 16 */
  put(value: number, bits: number) {
    this.held = (this.held << bits) | value
    this.count += bits
    while (this.count >= 8) {
      this.count -= 8
      this.byte((this.held >> this.count) & 0xff)
    }
    this.held &= (1 << this.count) - 1
  }
  private byte(value: number) {
    this.reserve()
    this.bytes[this.length++] = value
    if (value === 0xff) this.bytes[this.length++] = 0
  }
  /** Makes room for two bytes. */
  private reserve() {
    if (this.length + 2 > this.bytes.length) {
      const grown = new Uint8Array(this.bytes.length * 2)
      grown.set(this.bytes)
      this.bytes = grown
    }
  }
  /** Fills the last byte with ones. */
  private pad() {
    if (this.count > 0) this.put((1 << (8 - this.count)) - 1, 8 - this.count)
  }
  /** Writes a marker, from a whole byte on. */
  mark(marker: number) {
    this.pad()
    this.reserve()
    this.bytes[this.length++] = 0xff
    this.bytes[this.length++] = marker
  }
  /** Fills the last byte with ones. @returns all bytes, without a copy; nothing may be written afterwards */
  finish(): Uint8Array {
    this.pad()
    return this.bytes.subarray(0, this.length)
  }
  /** Fills the last byte with ones. @returns all bytes so far, and starts anew */
  take(): Uint8Array {
    this.pad()
    const taken = this.bytes.slice(0, this.length)
    this.length = 0
    return taken
  }
}

const SCALES = Float32Array.from({ length: 8 }, (_, index) =>
  index === 0 ? 1 : Math.SQRT2 * Math.cos((index * Math.PI) / 16),
)

/** Returns what coefficients are multiplied with: quantisation and what the transform leaves out. */
export function factorsOf(steps: readonly number[]): Float32Array {
  const factors = new Float32Array(64)
  for (const [index, step] of steps.entries()) {
    const place = ZIGZAG[index] ?? 0
    factors[place] = 1 / (step * (SCALES[place >> 3] ?? 1) * (SCALES[place & 7] ?? 1) * 8)
  }
  return factors
}

/**
 * Transforms eight values in place, apart from a factor for each (the fast cosine transform of Arai, Agui and
 * Nakajima).
 */
function transformLine(block: Float32Array, at: number, step: number) {
  const value0 = block[at] ?? 0
  const value1 = block[at + step] ?? 0
  const value2 = block[at + 2 * step] ?? 0
  const value3 = block[at + 3 * step] ?? 0
  const value4 = block[at + 4 * step] ?? 0
  const value5 = block[at + 5 * step] ?? 0
  const value6 = block[at + 6 * step] ?? 0
  const value7 = block[at + 7 * step] ?? 0
  const sum0 = value0 + value7
  const sum1 = value1 + value6
  const sum2 = value2 + value5
  const sum3 = value3 + value4
  const last = value0 - value7
  const odd0 = value3 - value4 + value2 - value5
  const odd1 = value2 - value5 + value1 - value6
  const odd2 = value1 - value6 + last
  const even0 = sum0 + sum3
  const even1 = sum1 + sum2
  const even2 = sum1 - sum2
  const even3 = sum0 - sum3
  const turned = (even2 + even3) * Math.SQRT1_2
  const shared = (odd0 - odd2) * 0.382683433
  const low = 0.5411961 * odd0 + shared
  const high = 1.306562965 * odd2 + shared
  const middle = odd1 * Math.SQRT1_2
  const near = last + middle
  const far = last - middle
  block[at] = even0 + even1
  block[at + 4 * step] = even0 - even1
  block[at + 2 * step] = even3 + turned
  block[at + 6 * step] = even3 - turned
  block[at + 5 * step] = far + low
  block[at + 3 * step] = far - low
  block[at + step] = near + high
  block[at + 7 * step] = near - high
}

/** A colour channel: its factors, codes and the mean of the block before. */
export type Channel = { factors: Float32Array; dc: Codes; ac: Codes; before: number }

const END_OF_BLOCK = 0x00
const SIXTEEN_ZEROS = 0xf0
const coefficients = new Int16Array(64)

/** Encodes a block of 8 × 8 values around 0, which it changes (ITU-T T.81, F.1.2). */
export function encodeBlock(block: Float32Array, channel: Channel, bits: BitWriter) {
  for (let line = 0; line < 64; line += 8) transformLine(block, line, 1)
  for (let column = 0; column < 8; column++) transformLine(block, column, 8)
  const last = quantize(block, channel.factors)
  const mean = coefficients[0] ?? 0
  putNumber(mean - channel.before, 0, channel.dc, bits)
  channel.before = mean
  let zeros = 0
  for (let index = 1; index <= last; index++) {
    const value = coefficients[index] ?? 0
    if (value === 0) {
      zeros++
      continue
    }
    for (; zeros > 15; zeros -= 16) putCode(SIXTEEN_ZEROS, channel.ac, bits)
    putNumber(value, zeros << 4, channel.ac, bits)
    zeros = 0
  }
  if (last < 63) putCode(END_OF_BLOCK, channel.ac, bits)
}

/** Quantises a block into the order of a file. @returns the place of the last one that is not 0 */
function quantize(block: Float32Array, factors: Float32Array): number {
  let last = 0
  for (let index = 0; index < 64; index++) {
    const place = ZIGZAG[index] ?? 0
    const value = Math.round((block[place] ?? 0) * (factors[place] ?? 0))
    coefficients[index] = value
    if (value !== 0) last = index
  }
  return last
}

const putCode = (value: number, { code, length }: Codes, bits: BitWriter) =>
  bits.put(code[value] ?? 0, length[value] ?? 0)

/** Writes how many bits a number takes, with the zeros before it, then the number. */
function putNumber(value: number, zeros: number, codes: Codes, bits: BitWriter) {
  const width = 32 - Math.clz32(Math.abs(value))
  putCode(zeros | width, codes, bits)
  if (width > 0) bits.put(value < 0 ? value + (1 << width) - 1 : value, width)
}
