import { crc32, deflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { decodePng, encodePng } from '#/storage/preview/codecs/png'
import { noise } from '#test/support/hash'

const chunk = (name: string, content: Uint8Array) => {
  const body = Buffer.concat([Buffer.from(name), content])
  const out = Buffer.alloc(body.length + 8)
  out.writeUInt32BE(content.length)
  out.set(body, 4)
  out.writeUInt32BE(crc32(body), body.length + 4)
  return out
}

type Image = {
  size: readonly [width: number, height: number]
  depth: number
  colorType: number
  /** Lines as they stand in the file, each after its filter's number. */
  lines: readonly (readonly number[])[]
  chunks?: Uint8Array[]
  interlaced?: number
}

/** Writes a PNG byte by byte, in a way that our own encoder never would. */
function png({ size, depth, colorType, lines, chunks = [], interlaced = 0 }: Image) {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size[0], 0)
  header.writeUInt32BE(size[1], 4)
  header.set([depth, colorType, 0, 0, interlaced], 8)
  const data = deflateSync(Uint8Array.from(lines.flat()))
  const [first, second] = [data.subarray(0, 3), data.subarray(3)]
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    ...[chunk('IHDR', header), ...chunks, chunk('IDAT', first), chunk('IDAT', second)],
    chunk('IEND', Buffer.alloc(0)),
  ])
}

const palette = chunk('PLTE', Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255))

describe('reads', () => {
  const [red, green, blue] = [
    [255, 0, 0, 255],
    [0, 255, 0, 255],
    [0, 0, 255, 255],
  ]
  test.each<[string, Image, number[][]]>([
    [
      'grey of 1 bit',
      { size: [3, 1], depth: 1, colorType: 0, lines: [[0, 0b10100000]] },
      [
        [255, 255, 255, 255],
        [0, 0, 0, 255],
        [255, 255, 255, 255],
      ],
    ],
    [
      'grey of 2 bits',
      { size: [4, 1], depth: 2, colorType: 0, lines: [[0, 0b00011011]] },
      [0, 85, 170, 255].map((grey) => [grey, grey, grey, 255]),
    ],
    [
      'grey of 4 bits',
      { size: [2, 1], depth: 4, colorType: 0, lines: [[0, 0x3c]] },
      [0x33, 0xcc].map((grey) => [grey, grey, grey, 255]),
    ],
    [
      'grey of 8 bits',
      { size: [2, 1], depth: 8, colorType: 0, lines: [[0, 7, 200]] },
      [7, 200].map((grey) => [grey, grey, grey, 255]),
    ],
    [
      'grey of 16 bits',
      { size: [2, 1], depth: 16, colorType: 0, lines: [[0, 0x80, 0x80, 0xff, 0xff]] },
      [128, 255].map((grey) => [grey, grey, grey, 255]),
    ],
    [
      'colour of 8 bits',
      { size: [2, 1], depth: 8, colorType: 2, lines: [[0, 1, 2, 3, 4, 5, 6]] },
      [
        [1, 2, 3, 255],
        [4, 5, 6, 255],
      ],
    ],
    [
      'colour of 16 bits',
      { size: [1, 1], depth: 16, colorType: 2, lines: [[0, 1, 1, 2, 2, 3, 3]] },
      [[1, 2, 3, 255]],
    ],
    [
      'a palette of 1 bit',
      { size: [2, 1], depth: 1, colorType: 3, lines: [[0, 0b01000000]], chunks: [palette] },
      [red, green],
    ],
    [
      'a palette of 4 bits',
      { size: [3, 1], depth: 4, colorType: 3, lines: [[0, 0x20, 0x10]], chunks: [palette] },
      [blue, red, green],
    ],
    [
      'a palette of 8 bits with alpha',
      {
        size: [3, 1],
        depth: 8,
        colorType: 3,
        lines: [[0, 2, 1, 0]],
        chunks: [palette, chunk('tRNS', Uint8Array.of(0, 128))],
      },
      [blue, [0, 255, 0, 128], [255, 0, 0, 0]],
    ],
    [
      'grey with alpha',
      { size: [2, 1], depth: 8, colorType: 4, lines: [[0, 9, 100, 8, 0]] },
      [
        [9, 9, 9, 100],
        [8, 8, 8, 0],
      ],
    ],
    [
      'colour with alpha',
      {
        size: [1, 2],
        depth: 8,
        colorType: 6,
        lines: [
          [0, 1, 2, 3, 4],
          [0, 5, 6, 7, 8],
        ],
      },
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
    ],
    [
      'colour of 16 bits with alpha',
      { size: [1, 1], depth: 16, colorType: 6, lines: [[0, 1, 1, 2, 2, 3, 3, 4, 4]] },
      [[1, 2, 3, 4]],
    ],
    [
      'every filter',
      {
        size: [3, 5],
        depth: 8,
        colorType: 0,
        lines: [
          [0, 10, 20, 30],
          [1, 10, 10, 10],
          [2, 1, 1, 1],
          [3, 6, 5, 5],
          [4, 1, 1, 1],
        ],
      },
      [
        ...[10, 20, 30],
        ...[10, 20, 30],
        ...[11, 21, 31],
        // Half of left and above: 6 + 0+11/2, 5 + (11+21)/2, 5 + (21+31)/2.
        ...[11, 21, 31],
        // Paeth: above; then of left 12, above 21 and corner 11 the one nearest to 22: 21; likewise 31.
        ...[12, 22, 32],
      ].map((grey) => [grey, grey, grey, 255]),
    ],
  ])('%s', (_, image, expected) => {
    const { width, height, data } = decodePng(png(image))
    expect([width, height]).toEqual(image.size)
    expect([...data]).toEqual(expected.flat())
  })
})

test.each([
  ['opaque', 255],
  ['partly clear', undefined],
])('reads what it has written, %s', (_, alpha) => {
  for (const [width, height] of [
    [1, 1],
    [3, 2],
    [64, 5],
    [7, 300],
  ] as const) {
    const data = new Uint8ClampedArray(noise(width * height * 4, width))
    if (alpha !== undefined) for (let at = 3; at < data.length; at += 4) data[at] = alpha
    const bytes = encodePng({ width, height, data })
    expect(bytes[25]).toBe(alpha === undefined ? 6 : 2)
    expect(decodePng(bytes)).toEqual({ width, height, data })
  }
})

describe('refuses', () => {
  const image = {
    size: [2, 2],
    depth: 8,
    colorType: 0,
    lines: [
      [0, 1, 2],
      [0, 3, 4],
    ],
  } as const
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['another format', Buffer.from('GIF89a, and more that is no PNG')],
    ['a signature alone', png(image).subarray(0, 8)],
    ['a header alone', png(image).subarray(0, 33)],
    ['a colour type that there is not', png({ ...image, colorType: 5 })],
    ['interlacing', png({ ...image, interlaced: 1 })],
    ['fewer lines than the header says', png({ ...image, size: [2, 3] })],
    [
      'far more lines than the header says',
      png({ ...image, lines: Array(40_000).fill([0, 1, 2]) }),
    ],
    [
      'what is not compressed',
      Buffer.concat([png(image).subarray(0, 33), chunk('IDAT', noise(50))]),
    ],
  ])('%s', (_, bytes) => {
    expect(() => decodePng(bytes)).toThrow()
  })
})
