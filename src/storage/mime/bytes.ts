import { Buffer } from 'node:buffer'

/** Returns the bytes as a string of one character each, U+0000 to U+00FF, to match against. */
export const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')

/** Returns the byte at this place of such a string; 0 beyond its end. */
export function byteAt(raw: string, at: number): number {
  return raw.charCodeAt(at) || 0
}

/** Returns the little-endian 16-bit number at this place; bytes beyond the end count as 0. */
export function u16le(raw: string, at: number): number {
  return byteAt(raw, at) | (byteAt(raw, at + 1) << 8)
}

/** Returns the little-endian 32-bit number at this place; bytes beyond the end count as 0. */
export function u32le(raw: string, at: number): number {
  return u16le(raw, at) + u16le(raw, at + 2) * 0x10000
}
