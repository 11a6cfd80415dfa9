import { joinBytes } from '#/storage/preview/bytes'
import type { HuffmanTable } from '#/storage/preview/strips/jpeg-tables'
import { mendScan, type Scan, type ScanPart } from './jpeg-scan.ts'

const FILL = 0xff
const [TABLES, SCAN, END, INTERVAL] = [0xc4, 0xda, 0xd9, 0xdd]
const END_OF_IMAGE = Uint8Array.of(FILL, END)
/** Frames of Huffman codes: baseline, extended and progressive. */
const [BASELINE, PROGRESSIVE] = [0xc0, 0xc2]
const BLOCK_SIDE = 8

type Component = { id: number; across: number; down: number }
type Frame = { width: number; height: number; isProgressive: boolean; components: Component[] }

/** What was read on the way to a scan. */
type State = {
  frame: Frame | undefined
  tables: Map<number, HuffmanTable>
  interval: number
  /** Where the last scan ended that is whole; 0 for none. */
  whole: number
}

const uint16 = (bytes: Uint8Array, at: number) => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)

function readFrame(marker: number, content: Uint8Array): Frame {
  const components = Array.from({ length: content[5] ?? 0 }, (_, index) => {
    const [id = 0, sides = 0] = content.subarray(6 + index * 3)
    return { id, across: Math.max(1, sides >> 4), down: Math.max(1, sides & 15) }
  })
  const isProgressive = marker === PROGRESSIVE
  return { height: uint16(content, 1), width: uint16(content, 3), isProgressive, components }
}

function readTables(content: Uint8Array, tables: State['tables']) {
  for (let at = 0; at + 17 <= content.length; ) {
    const counts = [...content.subarray(at + 1, at + 17)]
    const end = at + 17 + counts.reduce((sum, count) => sum + count, 0)
    tables.set(content[at] ?? 0, { counts, values: [...content.subarray(at + 17, end)] })
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

const isFrame = (marker: number) => marker >= BASELINE && marker <= PROGRESSIVE

/** Describes a scan by its header; undefined for one whose codes are not followed. */
function describe(content: Uint8Array, start: number, state: State): Scan | undefined {
  const { frame, interval } = state
  const count = content[0] ?? 0
  if (!frame || count === 0) return
  // Of a progressive picture the beginning of a scan's first coefficients is worth showing, no more.
  const [first, , precision = 0] = content.subarray(1 + 2 * count)
  if (frame.isProgressive && (first !== 0 || precision >> 4 !== 0)) return
  const parts: ScanPart[] = []
  for (let index = 0; index < count; index++) {
    const part = partOf(content.subarray(1 + index * 2), count, frame, state.tables)
    if (!part) return
    parts.push(part)
  }
  const alone = count === 1 ? frame.components.find(({ id }) => id === content[1]) : undefined
  const units = unitsOf(frame, alone)
  return { parts, units, interval, isDcOnly: frame.isProgressive, start }
}

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

/**
 * Completes a JPEG whose file ends early: as it is, for one that lacks its end alone, else by its data. Of a
 * progressive one the scans that are whole show all of it.
 * @returns what decoders may take, the best first; nothing when nothing of the picture is there
 */
export function mendJpeg(bytes: Uint8Array): Uint8Array[] {
  const mended = mendData(bytes)
  return mended ? [joinBytes([bytes, END_OF_IMAGE]), mended] : []
}

function mendData(bytes: Uint8Array): Uint8Array | undefined {
  const state: State = { frame: undefined, tables: new Map(), interval: 0, whole: 0 }
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
      if (end === undefined) return completed(bytes, describe(content, start, state), state)
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
  else if (isFrame(marker)) state.frame ??= readFrame(marker, content)
}

/** Completes the scan that the file ends in, or leaves it out where scans before it show the picture. */
function completed(bytes: Uint8Array, scan: Scan | undefined, { frame, whole }: State) {
  const parts = scan && (!frame?.isProgressive || whole === 0) ? mendScan(bytes, scan) : undefined
  return parts ? joinBytes([...parts, END_OF_IMAGE]) : cutAt(bytes, whole)
}

/** Ends a picture behind the last scan that is whole. */
const cutAt = (bytes: Uint8Array, whole: number) =>
  whole > 0 ? joinBytes([bytes.subarray(0, whole), END_OF_IMAGE]) : undefined
