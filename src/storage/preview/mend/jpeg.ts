import { readJpegFrame } from '#/storage/preview/headers/jpeg'
import { boundSource } from '#/storage/preview/limits'
import type { HuffmanTable } from '#/storage/preview/strips/jpeg-tables'
import { mendScan, type Scan, type ScanPart } from './jpeg-scan.ts'

const FILL = 0xff
const [TABLES, SCAN, END, INTERVAL] = [0xc4, 0xda, 0xd9, 0xdd]
const END_OF_IMAGE = Uint8Array.of(FILL, END)
/** Frames of Huffman codes: baseline, extended and progressive. */
const [BASELINE, PROGRESSIVE] = [0xc0, 0xc2]
const BLOCK_SIDE = 8
/** Most components of a scan, and blocks that a unit of it has of all of them (ITU-T T.81, B.2.3). */
const [MAX_COMPONENTS, MAX_UNIT_BLOCKS] = [4, 10]
/** Most blocks of a component across or down a unit (ITU-T T.81, B.2.2). */
const MAX_SAMPLING = 4

type Component = { id: number; across: number; down: number }
type Frame = { width: number; height: number; isProgressive: boolean; components: Component[] }

/** What was read on the way to a scan. */
type State = {
  tables: Map<number, HuffmanTable>
  interval: number
  /** Where the last scan ended that is whole; 0 for none. */
  whole: number
}

const uint16 = (bytes: Uint8Array, at: number) => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)

/**
 * Reads the frame header whose size was bounded before.
 * @returns undefined for one of other codes, or that no decoder takes
 * @throws `storage_image_resolution_exceeded`
 */
function readFrame(bytes: Uint8Array): Frame | undefined {
  const found = readJpegFrame(bytes)
  if (!found || found.marker < BASELINE || found.marker > PROGRESSIVE) return
  const { marker, content, width, height } = found
  boundSource({ width, height })
  const count = content[5] ?? 0
  if (count > MAX_COMPONENTS || content.length < 6 + count * 3) return
  const components = Array.from({ length: count }, (_, index) => {
    const [id = 0, sides = 0] = content.subarray(6 + index * 3)
    return { id, across: sides >> 4, down: sides & 15 }
  })
  if (!areDifferent(components.map(({ id }) => id)) || !components.every(isSampled)) return
  return { width, height, isProgressive: marker === PROGRESSIVE, components }
}

const areDifferent = (ids: readonly number[]) => new Set(ids).size === ids.length

const isSampled = ({ across, down }: Component) =>
  Math.min(across, down) >= 1 && Math.max(across, down) <= MAX_SAMPLING

function readTables(content: Uint8Array, tables: State['tables']) {
  for (let at = 0; at + 17 <= content.length; ) {
    const counts = content.subarray(at + 1, at + 17)
    const end = at + 17 + counts.reduce((sum, count) => sum + count, 0)
    tables.set(content[at] ?? 0, { counts, values: content.subarray(at + 17, end) })
    at = end
  }
}

/** Returns where a scan's data ends; undefined where the file ends first. */
function scanEnd(bytes: Uint8Array, from: number): number | undefined {
  for (let at = bytes.indexOf(FILL, from); at >= 0; at = bytes.indexOf(FILL, at + 1)) {
    const marker = bytes[at + 1]
    if (marker === undefined) return
    const isData = marker === 0 || marker === FILL || (marker & ~7) === 0xd0
    if (!isData) return at
  }
  return
}

/** Describes a scan by its header; undefined for one whose codes are not followed, or that no decoder takes. */
function describe(content: Uint8Array, start: number, frame: Frame, state: State) {
  const count = content[0] ?? 0
  if (count === 0 || count > MAX_COMPONENTS || content.length < 4 + 2 * count) return
  // Of a progressive picture the beginning of a scan's first coefficients is worth showing, no more.
  const [first, , precision = 0] = content.subarray(1 + 2 * count)
  if (frame.isProgressive && (first !== 0 || precision >> 4 !== 0)) return
  const parts: ScanPart[] = []
  for (let index = 0; index < count; index++) {
    const part = partOf(content.subarray(1 + index * 2), count, frame, state.tables)
    if (!part) return
    parts.push(part)
  }
  const ids = parts.map((_, index) => content[1 + index * 2] ?? 0)
  if (!areDifferent(ids) || blocksOf(parts) > MAX_UNIT_BLOCKS) return
  const alone = count === 1 ? frame.components.find(({ id }) => id === ids[0]) : undefined
  const units = unitsOf(frame, alone)
  return { parts, units, interval: state.interval, isDcOnly: frame.isProgressive, start }
}

const blocksOf = (parts: readonly ScanPart[]) => parts.reduce((sum, { blocks }) => sum + blocks, 0)

function partOf(
  [id, kinds = 0]: Uint8Array,
  count: number,
  { components, isProgressive }: Frame,
  tables: State['tables'],
): ScanPart | undefined {
  const component = components.find((one) => one.id === id)
  const dc = tables.get(kinds >> 4)
  const ac = isProgressive ? dc : tables.get(0x10 | (kinds & 15))
  if (!component || !dc || !ac) return
  return { blocks: count === 1 ? 1 : component.across * component.down, dc, ac }
}

/** Counts the units of a scan of all components, or the blocks of one (ITU-T T.81, A.2). */
function unitsOf({ width, height, components }: Frame, alone: Component | undefined): number {
  const across = Math.max(...components.map((component) => component.across))
  const down = Math.max(...components.map((component) => component.down))
  const [columns, rows] = alone
    ? [Math.ceil((width * alone.across) / across), Math.ceil((height * alone.down) / down)]
    : [width / across, height / down]
  return Math.ceil(columns / BLOCK_SIDE) * Math.ceil(rows / BLOCK_SIDE)
}

/** Makes the pieces of a picture that decoders may take. */
export type Candidate = () => readonly Uint8Array[]

/**
 * Completes a JPEG whose file ends early: as it is, for one that lacks its end alone, else by its data. Of a
 * progressive one the scans that are whole show all of it.
 * @returns what decoders may take, the best first, none of it made yet; nothing when nothing of the picture is there
 * @throws `storage_image_resolution_exceeded`
 */
export function mendJpeg(bytes: Uint8Array): Candidate[] {
  const mended = mendData(bytes)
  return mended ? [() => [bytes, END_OF_IMAGE], mended] : []
}

function mendData(bytes: Uint8Array): Candidate | undefined {
  const frame = readFrame(bytes)
  if (!frame) return
  const state: State = { tables: new Map(), interval: 0, whole: 0 }
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === FILL; ) {
    const marker = bytes[at + 1] ?? 0
    if (marker === FILL) {
      at++
      continue
    }
    const start = at + 2 + uint16(bytes, at + 2)
    if (marker === END || start > bytes.length || start < at + 4) break
    const content = bytes.subarray(at + 4, start)
    if (marker === SCAN) {
      const end = scanEnd(bytes, start)
      if (end === undefined) {
        return completed(bytes, frame, describe(content, start, frame, state), state.whole)
      }
      state.whole = end
      at = end
      continue
    }
    note(marker, content, state)
    at = start
  }
  return cutAt(bytes, state.whole)
}

function note(marker: number, content: Uint8Array, state: State) {
  if (marker === TABLES) readTables(content, state.tables)
  else if (marker === INTERVAL) state.interval = uint16(content, 0)
}

/** Completes the scan that the file ends in, or leaves it out where scans before it show the picture. */
function completed(bytes: Uint8Array, frame: Frame, scan: Scan | undefined, whole: number) {
  const write = scan && (!frame.isProgressive || whole === 0) ? mendScan(bytes, scan) : undefined
  return write ? () => [...write(), END_OF_IMAGE] : cutAt(bytes, whole)
}

/** Ends a picture behind the last scan that is whole. */
const cutAt = (bytes: Uint8Array, whole: number): Candidate | undefined =>
  whole > 0 ? () => [bytes.subarray(0, whole), END_OF_IMAGE] : undefined
