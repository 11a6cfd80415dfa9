/** Most bits of a code. */
const MAX_BITS = 12
const MAX_CODES = 2 ** MAX_BITS

/** How far the codes of a frame have a meaning. */
export type Followed = {
  /** Pixels that they leave out. */
  left: number
  /** Where they end, in bits. */
  end: number
  /** Bits of the next code. */
  bits: number
  /** For each colour whether a pixel has it: 1 or 0. */
  used: Uint8Array
}

const codeAt = (bytes: Uint8Array, at: number, bits: number) => {
  const byte = at >> 3
  const three = (bytes[byte] ?? 0) | ((bytes[byte + 1] ?? 0) << 8) | ((bytes[byte + 2] ?? 0) << 16)
  return (three >> (at & 7)) & ((1 << bits) - 1)
}

/** Returns the bits of the next code, when so many are defined. */
const widthAt = (defined: number, bits: number) =>
  defined === 1 << bits && bits < MAX_BITS ? bits + 1 : bits

/**
 * Follows the codes of a GIF without pixels, by how many of them each code stands for (GIF89a specification,
 * appendix F).
 * @param pixels of the whole frame
 */
export function follow(payload: Uint8Array, pixelBits: number, pixels: number): Followed {
  const clear = 1 << pixelBits
  const used = new Uint8Array(clear)
  const lengths = new Uint32Array(MAX_CODES).fill(1, 0, clear)
  const total = payload.length * 8
  let [bits, next, last, end, left] = [pixelBits + 1, clear + 2, 0, 0, pixels]
  while (left > 0 && end + bits <= total) {
    const code = codeAt(payload, end, bits)
    // The end of the data, and what is not defined yet, have no meaning here.
    if (code > (last === 0 ? clear : next) || code === clear + 1) break
    end += bits
    if (code === clear) {
      bits = pixelBits + 1
      next = clear + 2
      last = 0
      continue
    }
    if (code < clear) used[code] = 1
    lengths[next] = last + 1 // so that a code may stand for what it is about to define
    if (last > 0 && next < MAX_CODES) next++
    bits = widthAt(next, bits)
    last = Number(lengths[code])
    left -= last
  }
  return { left: Math.max(0, left), end, bits, used }
}

/** Goes on writing bits behind others, the lowest first. @param bits how many of `bytes` to keep */
export function bitWriter(bytes: Uint8Array, bits: number) {
  const written: number[] = []
  const kept = bytes.subarray(0, bits >> 3)
  let count = bits & 7
  let held = (bytes[bits >> 3] ?? 0) & (2 ** count - 1)
  return {
    write(value: number, width: number) {
      held |= value << count
      count += width
      for (; count >= 8; count -= 8) {
        written.push(held & 0xff)
        held >>>= 8
      }
    },
    /** Returns the bits that were kept, and those behind them. */
    finish(): Uint8Array[] {
      if (count > 0) written.push(held)
      return [kept, Uint8Array.from(written)]
    },
  }
}

/** Writes codes that stand for one pixel again and again, in runs that grow by one, and the end. */
export function fill(
  { left: pixels, bits: width }: Followed,
  pixelBits: number,
  index: number,
  write: (value: number, bits: number) => void,
) {
  const clear = 1 << pixelBits
  let [bits, next, run] = [width, 0, 0]

  function restart() {
    write(clear, bits)
    bits = pixelBits + 1
    next = clear + 2
    run = 1
    write(index, bits)
  }
  /** Writes the code that is defined by being written: one more than the last run. */
  function grow() {
    write(next++, bits)
    run++
    bits = widthAt(next, bits)
  }
  for (let left = pixels; left > 0; ) {
    restart()
    left--
    for (; left > run && next < MAX_CODES; left -= run) grow()
    if (left === 0 || left > run) continue
    // Of the runs that are defined, one has the length that is left.
    write(left === 1 ? index : clear + left, bits)
    if (next < MAX_CODES) bits = widthAt(++next, bits)
    left = 0
  }
  write(clear + 1, bits)
}
