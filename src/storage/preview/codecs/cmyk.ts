import { Buffer } from 'node:buffer'
import { joinBytes } from '#/storage/preview/bytes'

/*
 * A JPEG of printing inks without a profile has no defined colours. Browsers multiply paper by what each ink and
 * black let through; other decoders assume some press. A profile that says what browsers do makes all of them
 * agree (ICC.1:2001-04, a version that every colour engine reads).
 */

/** Steps of each ink; between them colour engines interpolate. */
const STEPS = 9
const INKS = 4
const LAB_BYTES = 6
const HEADER_BYTES = 128
/** Most bytes of a profile in one segment of a JPEG (ICC.1 §B.4). */
const MAX_PART_BYTES = 65_519
const APP0 = 0xe0
const APP2 = 0xe2
const START_BYTES = 2

const u16 = (value: number) => [(value >> 8) & 255, value & 255]
const u32 = (value: number) => [...u16(value >>> 16), ...u16(value & 0xffff)]
const ascii = (text: string) => [...Buffer.from(text, 'latin1')]
const fixed = (value: number) => u32(Math.round(value * 65_536))

/** White of the connection space. */
const WHITE = [0.9642, 1, 0.8249] as const
/** sRGB in the connection space, a row for each of X, Y and Z (ICC.1 Annex D). */
const PRIMARIES = [
  [0.4360747, 0.3850649, 0.1430804],
  [0.2225045, 0.7168786, 0.0606169],
  [0.0139322, 0.0971045, 0.7141733],
] as const

const linear = (level: number) =>
  level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4
const lightness = (share: number) =>
  share > 216 / 24_389 ? Math.cbrt(share) : (24_389 / 27 / 116) * share + 16 / 116

/** Encodes a colour of sRGB, each channel linear and 0 to 1, as Lab of 16 bits (ICC.1 §A.5). */
function putLab(out: Buffer, at: number, red: number, green: number, blue: number) {
  const [x = 0, y = 0, z = 0] = PRIMARIES.map(([r, g, b], index) =>
    lightness((r * red + g * green + b * blue) / (WHITE[index] ?? 1)),
  )
  out.writeUInt16BE(Math.round((116 * y - 16) * 652.8), at)
  out.writeUInt16BE(Math.round((500 * (x - y) + 128) * 256), at + 2)
  out.writeUInt16BE(Math.round((200 * (y - z) + 128) * 256), at + 4)
}

/** Computes the colour of every mixture, black changing fastest. */
function mixtures(): Buffer {
  const colors = Buffer.alloc(STEPS ** INKS * LAB_BYTES)
  /** Returns what an ink lets through at a step, with black at another one. */
  const passed = (step: number, black: number) =>
    linear((1 - step / (STEPS - 1)) * (1 - black / (STEPS - 1)))
  for (let mixture = 0; mixture < STEPS ** INKS; mixture++) {
    const [black = 0, ...inks] = [0, 1, 2, 3].map(
      (place) => Math.floor(mixture / STEPS ** place) % STEPS,
    )
    const [blue = 0, green = 0, red = 0] = inks.map((step) => passed(step, black))
    putLab(colors, mixture * LAB_BYTES, red, green, blue)
  }
  return colors
}

const IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1].flatMap(fixed)
const RAMP = [...u16(0), ...u16(65_535)]
const ramps = (count: number) => Buffer.from(Array(count).fill(RAMP).flat())

const NAME = 'CMYK as browsers show it\0'

function tags(): [name: string, data: Buffer][] {
  const name = [...u32(NAME.length), ...ascii(NAME), ...Array(78).fill(0)]
  const tables = [INKS, 3, STEPS, 0, ...IDENTITY, ...u16(2), ...u16(2)]
  return [
    ['desc', Buffer.from([...ascii('desc'), ...u32(0), ...name])],
    ['cprt', Buffer.from([...ascii('text'), ...u32(0), ...ascii('None\0')])],
    ['wtpt', Buffer.from([...ascii('XYZ '), ...u32(0), ...WHITE.flatMap(fixed)])],
    [
      'A2B0',
      Buffer.concat([
        Buffer.from([...ascii('mft2'), ...u32(0), ...tables]),
        ...[ramps(INKS), mixtures(), ramps(3)],
      ]),
    ],
  ]
}

/** Builds the profile: its header, where each tag is, and the tags, each padded to four bytes. */
function buildProfile(): Buffer {
  const all = tags()
  const index: number[] = [...u32(all.length)]
  const contents: Buffer[] = []
  let at = HEADER_BYTES + 4 + 12 * all.length
  for (const [name, data] of all) {
    index.push(...ascii(name), ...u32(at), ...u32(data.length))
    const padding = Buffer.alloc(-data.length & 3)
    contents.push(data, padding)
    at += data.length + padding.length
  }
  const header = [
    ...[...u32(at), ...u32(0), 2, 0x10, 0, 0],
    ...ascii('prtrCMYKLab '),
    ...[2000, 1, 1, 0, 0, 0].flatMap(u16),
    ...ascii('acsp'),
    ...Array(28).fill(0),
    ...WHITE.flatMap(fixed),
    ...Array(48).fill(0),
  ]
  return Buffer.concat([Buffer.from([...header, ...index]), ...contents])
}

let segments: Uint8Array | undefined

/** Builds the segments of a JPEG that hold the profile; they are kept for the next picture. */
function profileSegments(): Uint8Array {
  segments ??= buildSegments()
  return segments
}

function buildSegments(): Uint8Array {
  const profile = buildProfile()
  const count = Math.ceil(profile.length / MAX_PART_BYTES)
  return Buffer.concat(
    Array.from({ length: count }, (_, index) => {
      const part = profile.subarray(index * MAX_PART_BYTES, (index + 1) * MAX_PART_BYTES)
      const content = Buffer.concat([
        Buffer.from([...ascii('ICC_PROFILE\0'), index + 1, count]),
        part,
      ])
      return Buffer.concat([Buffer.from([0xff, APP2, ...u16(content.length + 2)]), content])
    }),
  )
}

/** Inserts the profile into the beginning of a JPEG, behind the segment that says that it is one. */
export function withInkProfile(head: Uint8Array): Uint8Array {
  const isJfif = head[START_BYTES + 1] === APP0
  const length = ((head[START_BYTES + 2] ?? 0) << 8) | (head[START_BYTES + 3] ?? 0)
  const at = isJfif ? START_BYTES + 2 + length : START_BYTES
  return joinBytes([head.subarray(0, at), profileSegments(), head.subarray(at)])
}
