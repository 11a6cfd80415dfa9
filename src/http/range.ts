import { ApiError } from '#/errors'

/** Spans above this many bytes are answered in part, as open-ended ones are (docs/contract/storage.md §8.5). */
const LONGEST_SPAN = 20_000_000

const SPECIFIER = /^bytes=\s*(\d{0,16})-(\d{0,16})\s*$/i

/**
 * Reads a Range header as RFC 9110 §14.1.2 has it: one range of bytes. Differs: upstream refuses a suffix, a
 * single byte, and an end past the last byte.
 * @param size bytes of the whole file
 * @param clamp longest answer to an open-ended range, in bytes
 * @throws `storage_invalid_range` for other units, several ranges, and a start past the end
 */
export function parseRange(
  header: string,
  size: number,
  clamp: number,
): { offset: number; length: number } {
  const [, first = '', last = ''] = SPECIFIER.exec(header.trim()) ?? []
  if (first === '' && last === '') throw unsatisfiable(size)
  const suffix = first === ''
  const start = suffix ? Math.max(0, size - Number(last)) : Number(first)
  const asked = suffix || last === '' ? size - 1 : Number(last)
  const open = !suffix && (last === '' || asked - start > LONGEST_SPAN)
  const end = Math.min(asked, size - 1, open ? start + clamp - 1 : Number.POSITIVE_INFINITY)
  if (start > end || (!suffix && Number(last || start) < start)) throw unsatisfiable(size)
  return { offset: start, length: end - start + 1 }
}

const unsatisfiable = (size: number) =>
  new ApiError('storage_invalid_range', undefined, {
    headers: { 'Content-Range': `bytes */${size}` },
  })

const CONTENT_RANGE = /^[^\s]+ (\d{1,16})-(\d{1,16})\/(\d{1,16})$/

/**
 * Reads the Content-Range of a chunk (docs/contract/storage.md §6.5).
 * @returns `start` and `end` as offsets of the first and last byte; an `end` equal to the total, as old
 * clients send it, is the last byte
 * @throws `storage_invalid_content_range`
 */
export function parseContentRange(header: string): { start: number; end: number; total: number } {
  const numbers = CONTENT_RANGE.exec(header)?.slice(1).map(Number) ?? []
  const [start = 0, end = 0, total = 0] = numbers
  if (
    total === 0 ||
    start > end ||
    end > total ||
    start >= total ||
    !numbers.every(Number.isSafeInteger)
  ) {
    throw new ApiError('storage_invalid_content_range')
  }
  return { start, end: Math.min(end, total - 1), total }
}
