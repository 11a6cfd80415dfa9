import { applyEffect, blank, type Pixels } from '#/storage/preview/codecs/pixels'
import type { Color, Size } from '#/storage/preview/geometry'
import { type Effect, sizeAfter } from '#/storage/preview/plan'

/** Rows of a picture that do not fit into memory as a whole, with how many are above them. */
export type Strip = Pixels & { top: number }

/** Writes a picture strip by strip, from top to bottom; all but the last one have {@link STRIP_ROWS} rows. */
export type StripWriter = {
  add(strip: Pixels): void | Promise<void>
  finish(): Promise<Uint8Array<ArrayBuffer>>
}

/** Rows of a strip: a multiple of what a JPEG encodes at once. */
export const STRIP_ROWS = 64

/** Cuts rows that come in any number into strips of {@link STRIP_ROWS}. */
export async function* evenStrips(
  pieces: AsyncIterable<Pixels>,
  { width, height }: Size,
): AsyncGenerator<Strip> {
  let strip = blank({ width, height: Math.min(STRIP_ROWS, height) })
  let top = 0
  let rows = 0
  for await (const { data, height: count } of pieces) {
    for (let row = 0; row < count && top < height; ) {
      const taken = Math.min(count - row, strip.height - rows)
      strip.data.set(data.subarray(row * width * 4, (row + taken) * width * 4), rows * width * 4)
      row += taken
      rows += taken
      if (rows < strip.height) continue
      yield { ...strip, top }
      top += rows
      rows = 0
      strip = blank({ width, height: Math.min(STRIP_ROWS, height - top) })
    }
  }
  if (top < height) throw new Error('A picture ends too early.')
}

/** Applies effects strip by strip; a rotation is none of them, since it moves pixels between strips. */
export async function* applyToStrips(
  strips: AsyncIterable<Strip>,
  effects: readonly Effect[],
  size: Size,
): AsyncGenerator<Pixels> {
  const [effect, ...rest] = effects
  if (!effect) yield* strips
  else if (effect.kind === 'border') {
    const framed = sizeAfter(size, effect)
    yield* applyToStrips(evenStrips(frame(strips, effect, framed), framed), rest, framed)
  } else yield* applyToStrips(changed(strips, effect, size), rest, size)
}

async function* changed(strips: AsyncIterable<Strip>, effect: Effect, { height }: Size) {
  for await (const strip of strips) {
    const { top } = strip
    yield { ...applyEffect(strip, effect, { top, height }), top }
  }
}

/** Adds rows of colour above and below, and pixels of it on both sides. */
async function* frame(
  strips: AsyncIterable<Strip>,
  { width: line, color }: { width: number; color: Color },
  { width }: Size,
): AsyncGenerator<Pixels> {
  const edge = filled({ width, height: line }, color)
  yield edge
  for await (const strip of strips) {
    yield sided(applyEffect(strip, { kind: 'background', color }), line, color)
  }
  yield edge
}

function filled(size: Size, color: Color): Pixels {
  return applyEffect(blank(size), { kind: 'background', color })
}

function sided(strip: Pixels, line: number, color: Color): Pixels {
  const wide = filled({ width: strip.width + 2 * line, height: strip.height }, color)
  for (let row = 0; row < strip.height; row++) {
    const from = row * strip.width * 4
    const pixels = strip.data.subarray(from, from + strip.width * 4)
    wide.data.set(pixels, (row * wide.width + line) * 4)
  }
  return wide
}
