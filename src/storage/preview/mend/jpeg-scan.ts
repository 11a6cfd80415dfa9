import { MAX_BINDING_BYTES } from '#/storage/preview/limits'
import { BitWriter, codesOf } from '#/storage/preview/strips/jpeg-blocks'
import type { HuffmanTable } from '#/storage/preview/strips/jpeg-tables'

/** One component of a scan: how many of its blocks a unit has, and its tables. */
export type ScanPart = { blocks: number; dc: HuffmanTable; ac: HuffmanTable }

/** A scan of Huffman codes whose data begins at a byte. */
export type Scan = {
  parts: readonly ScanPart[]
  /** Units of the whole scan. */
  units: number
  /** Units between two restarts; 0 for none. */
  interval: number
  /** Whether blocks have their first coefficient alone. */
  isDcOnly: boolean
  start: number
}

/** Least share of a scan that is worth showing: bounds how much more than its file a picture takes. */
const MIN_SHARE = 0.05
/** Bytes for what a byte begun before and the last one's padding take. */
const SPARE_BYTES = 8
const MAX_CODE_BITS = 16
const BLOCK = 64
const RESTARTS = 8
const FIRST_RESTART = 0xd0
const MARKER = 0xff
/** What a run of sixteen zeros is written as; another code without bits ends a block. */
const SIXTEEN_ZEROS = 0xf0

/** Returns for sixteen bits the symbol that they begin with and its length, 0 for none. */
function lookupOf({ counts, values }: HuffmanTable) {
  const found = new Uint16Array(2 ** MAX_CODE_BITS)
  let [at, place] = [0, 0]
  for (const [index, count] of counts.entries()) {
    const bits = index + 1
    for (let left = count; left > 0; left--, place++) {
      const end = at + 2 ** (MAX_CODE_BITS - bits)
      found.fill(((values[place] ?? 0) << 8) | bits, at, end)
      at = end
    }
  }
  return found
}

type Lookup = ReturnType<typeof lookupOf>

const NO_CODES: Lookup = new Uint16Array(0)
const withLookup = (table: HuffmanTable) => [table, lookupOf(table)] as const

/** Reads bits, the highest first, up to a marker or the end of the file. */
function bitReader(bytes: Uint8Array, start: number) {
  let at = start
  let held = 0
  let count = 0

  /** Takes the next byte, without the zero behind one of ones. */
  function load(): boolean {
    const byte = bytes[at]
    if (byte === undefined || (byte === MARKER && bytes[at + 1] !== 0)) return false
    at += byte === MARKER ? 2 : 1
    held = ((held << 8) | byte) & 0xff_ff_ff
    count += 8
    return true
  }
  return {
    /** Returns the next symbol; undefined where none is whole. */
    symbol(lookup: Lookup): number | undefined {
      while (count < MAX_CODE_BITS && load());
      const bits =
        count >= MAX_CODE_BITS ? held >> (count - MAX_CODE_BITS) : held << (MAX_CODE_BITS - count)
      const entry = lookup[bits & 0xffff] ?? 0
      const length = entry & 0xff
      if (length === 0 || length > count) return
      count -= length
      return entry >> 8
    },
    /** Leaves bits out. @returns whether they were there */
    skip(bits: number): boolean {
      while (count < bits && load());
      if (count < bits) return false
      count -= bits
      return true
    },
    /** Passes a restart marker. @returns whether it was there */
    restart(): boolean {
      held = 0
      count = 0
      const isThere = bytes[at] === MARKER && ((bytes[at + 1] ?? 0) & ~7) === FIRST_RESTART
      if (isThere) at += 2
      return isThere
    },
    /** Returns the first byte that is not used up, and how many bits of it are. */
    place(): { byte: number; used: number } {
      let byte = at
      for (let left = count; left > 0; left -= 8) {
        byte -= bytes[byte - 1] === 0 && bytes[byte - 2] === MARKER ? 2 : 1
      }
      return { byte, used: (8 - (count & 7)) & 7 }
    },
  }
}

type Reader = ReturnType<typeof bitReader>

/** Passes a block. @returns whether it was whole */
function passBlock(reader: Reader, dc: Lookup, ac: Lookup, isDcOnly: boolean): boolean {
  const difference = reader.symbol(dc)
  if (difference === undefined || !reader.skip(difference)) return false
  for (let place = 1; !isDcOnly && place < BLOCK; ) {
    const symbol = reader.symbol(ac)
    if (symbol === undefined || !reader.skip(symbol & 15)) return false
    if ((symbol & 15) === 0 && symbol !== SIXTEEN_ZEROS) break
    place += (symbol >> 4) + 1
  }
  return true
}

/** Passes units as long as they are whole. @returns how many, and where the last one ends */
function follow(bytes: Uint8Array, { parts, units, interval, isDcOnly, start }: Scan) {
  const reader = bitReader(bytes, start)
  const byTable = new Map([...new Set(parts.flatMap(({ dc, ac }) => [dc, ac]))].map(withLookup))
  const lookups = parts.map(({ blocks, dc, ac }) => ({
    blocks,
    dc: byTable.get(dc) ?? NO_CODES,
    ac: byTable.get(ac) ?? NO_CODES,
  }))
  const passUnit = () =>
    lookups.every(({ blocks, dc, ac }) => {
      for (let left = blocks; left > 0; left--) {
        if (!passBlock(reader, dc, ac, isDcOnly)) return false
      }
      return true
    })
  let done = 0
  let end = reader.place()
  while (done < units) {
    if (done > 0 && interval > 0 && done % interval === 0 && !reader.restart()) break
    if (!passUnit()) break
    done++
    end = reader.place()
  }
  return { done, end }
}

/**
 * Checks whether a scan that its file has in part can be completed: what is missing gets the colour of what comes
 * before it.
 * @returns what makes of the file all that comes before the end of the picture; undefined when next to no unit is
 * there, a code is missing, or the result may be larger than what a decoder takes
 */
export function mendScan(bytes: Uint8Array, scan: Scan): (() => Uint8Array[]) | undefined {
  const { done, end } = follow(bytes, scan)
  if (done === 0 || done < scan.units * MIN_SHARE) return
  const codes = scan.parts.flatMap((part) => emptyBlocks(part, scan.isDcOnly))
  if (codes.length === 0 || codes.some(({ length }) => length === 0)) return
  const mostBytes = tailBytes(scan, codes, done)
  if (end.byte + mostBytes > MAX_BINDING_BYTES) return
  return () => {
    const writer = new BitWriter(mostBytes)
    if (end.used > 0) writer.put((bytes[end.byte] ?? 0) >> (8 - end.used), end.used)
    for (let unit = done; unit < scan.units; unit++) {
      if (scan.interval > 0 && unit % scan.interval === 0) {
        writer.mark(FIRST_RESTART + ((unit / scan.interval - 1) % RESTARTS))
      }
      for (const { code, length } of codes) writer.put(code, length)
    }
    return [bytes.subarray(0, end.byte), writer.finish()]
  }
}

type Code = { code: number; length: number }

/** Returns most bytes that the rest of a scan takes: each may have a zero behind it, and each restart be padded. */
function tailBytes({ units, interval }: Scan, codes: readonly Code[], done: number): number {
  const unitBits = codes.reduce((sum, { length }) => sum + length, 0)
  const restarts = interval > 0 ? Math.ceil((units - done) / interval) + 1 : 0
  return 2 * Math.ceil(((units - done) * unitBits) / 8) + 4 * restarts + SPARE_BYTES
}

/** Returns the codes of blocks without a difference from what comes before them. */
function emptyBlocks({ blocks, dc, ac }: ScanPart, isDcOnly: boolean): Code[] {
  const tables = (isDcOnly ? [dc] : [dc, ac]).map(codesOf)
  const codes = tables.map(({ code, length }) => ({ code: code[0] ?? 0, length: length[0] ?? 0 }))
  return Array.from({ length: blocks }, () => codes).flat()
}
