import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { eventOf, STEPS, type StoredPart, TABLE } from '#/storage/upload/machine'
import { CHUNK_BYTES } from '#/storage/upload/slicer'

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`

/** Prints rows as a Markdown table. */
const table = (rows: readonly (readonly string[])[]) => {
  const [head = [], ...body] = rows
  return [head, head.map(() => '---'), ...body].map(line).join('\n')
}

test('docs/uploads.md shows the table and the steps as they are', () => {
  const docs = readFileSync('docs/uploads.md', 'utf8')
  const events = Object.keys(TABLE.absent)
  const states = Object.entries(TABLE).map(([state, steps]) => [state, ...Object.values(steps)])
  expect(docs).toContain(table([['state', ...events], ...states]))
  const steps = Object.entries(STEPS).map(([step, { d1, r2, answer }]) => [step, d1, r2, answer])
  expect(docs).toContain(table([['step', 'in D1', 'in R2', 'answer'], ...steps]))
})

const part = (start: number, end: number, digest: string | null): StoredPart => ({
  start,
  end,
  digest,
  etag: 'e',
  version: 1,
  received: 1,
})
const total = 2 * CHUNK_BYTES
const first = { cell: 0, start: 0, end: CHUNK_BYTES }
const second = { cell: 1, start: CHUNK_BYTES, end: total }

describe('a chunk', () => {
  test.each([
    ['with nothing stored', first, [], total, 'newChunk'],
    ['of another total', first, [part(0, CHUNK_BYTES, 'd')], total + 1, 'otherTotal'],
    ['that came before', first, [part(0, CHUNK_BYTES, 'd')], total, 'equalChunk'],
    ['that comes first with other bytes', first, [part(0, CHUNK_BYTES, 'x')], total, 'otherFirst'],
    ['that comes first, cut otherwise', first, [part(0, 5, 'd')], total, 'otherFirst'],
    [
      'that comes first, over one without a digest',
      first,
      [part(0, CHUNK_BYTES, null)],
      total,
      'otherFirst',
    ],
    [
      'that comes later with other bytes',
      second,
      [part(CHUNK_BYTES, total, 'x')],
      total,
      'otherChunk',
    ],
    [
      'that comes later, cut otherwise',
      second,
      [part(CHUNK_BYTES, total - 1, 'x')],
      total,
      'newChunk',
    ],
    [
      'that comes later, over one without a digest',
      second,
      [part(CHUNK_BYTES, total, null)],
      total,
      'newChunk',
    ],
  ] as const)('%s', (_, range, parts, size, event) => {
    expect(eventOf({ sizeOriginal: total }, parts, { ...range, digest: 'd' }, size)).toBe(event)
  })
  test('that was joined from pieces is never another first one', () => {
    const joined = { ...first, digest: 'd', joined: { received: 1 } }
    const pieces = [part(0, 5, 'p'), part(5, CHUNK_BYTES, 'q')]
    expect(eventOf({ sizeOriginal: total }, pieces, joined, total)).toBe('newChunk')
    const all = [...pieces, part(0, CHUNK_BYTES, 'x')]
    expect(eventOf({ sizeOriginal: total }, all, joined, total)).toBe('otherChunk')
  })
})
