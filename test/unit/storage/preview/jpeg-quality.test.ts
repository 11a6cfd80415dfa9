import { expect, test } from 'vitest'
import { jpegQuality } from '#/storage/preview/codecs/jpeg-quality'

/** The first tables of files that libjpeg-turbo wrote at known qualities. */
const TABLES: [quality: number, table: string][] = [
  [
    10,
    '/9sAQwBQNzxGPDJQRkFGWlVQX3jIgnhubnj1r7mRyP///////////////////////////////////////////////////w==',
  ],
  [
    30,
    '/9sAQwAbEhQXFBEbFxYXHhwbIChCKyglJShROj0wQmBVZWRfVV1baniZgWpxkHNbXYW1hpCeo6utq2eAvMm6pseZqKuk/w==',
  ],
  [
    50,
    '/9sAQwAQCwwODAoQDg0OEhEQExgoGhgWFhgxIyUdKDozPTw5Mzg3QEhcTkBEV0U3OFBtUVdfYmdoZz5NcXlwZHhcZWdj/w==',
  ],
  [
    60,
    '/9sAQwANCQoLCggNCwoLDg4NDxMgFRMSEhMnHB4XIC4pMTAuKS0sMzpKPjM2RjcsLUBXQUZMTlJTUjI+WmFaUGBKUVJP/w==',
  ],
  [
    75,
    '/9sAQwAIBgYHBgUIBwcHCQkICgwUDQwLCwwZEhMPFB0aHx4dGhwcICQuJyAiLCMcHCg3KSwwMTQ0NB8nOT04MjwuMzQy/w==',
  ],
  [
    85,
    '/9sAQwAFAwQEBAMFBAQEBQUFBgcMCAcHBwcPCwsJDBEPEhIRDxERExYcFxMUGhURERghGBodHR8fHxMXIiQiHiQcHh8e/w==',
  ],
  [
    92,
    '/9sAQwADAgICAgIDAgICAwMDAwQGBAQEBAQIBgYFBgkICgoJCAkJCgwPDAoLDgsJCQ0RDQ4PEBAREAoMEhMSEBMPEBAQ/w==',
  ],
  [
    95,
    '/9sAQwACAQEBAQECAQEBAgICAgIEAwICAgIFBAQDBAYFBgYGBQYGBgcJCAYHCQcGBggLCAkKCgoKCgYICwwLCgwJCgoK/w==',
  ],
  [
    100,
    '/9sAQwABAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB/w==',
  ],
]

const START = Buffer.from([0xff, 0xd8])
/** A comment of 5 bytes, as stands before the tables of many files. */
const COMMENT = Buffer.from([0xff, 0xfe, 0, 7, 1, 2, 3, 4, 5])
const SCAN = Buffer.from([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0])

test.each(TABLES)('tells %i', (quality, table) => {
  const bytes = Buffer.concat([START, COMMENT, Buffer.from(table, 'base64'), SCAN])
  expect(Math.abs((jpegQuality(bytes) ?? 0) - quality)).toBeLessThanOrEqual(1)
})

test('reads steps of 16 bits', () => {
  const steps = Buffer.alloc(128)
  for (let index = 0; index < 64; index++) steps.writeUInt16BE(300, index * 2)
  const table = Buffer.concat([Buffer.from([0xff, 0xdb, 0, 131, 0x10]), steps])
  expect(jpegQuality(Buffer.concat([START, table, SCAN]))).toBe(10)
})

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a start alone', START],
  ['no table before the scan', Buffer.concat([START, SCAN, Buffer.alloc(100)])],
  [
    'a table for colour alone',
    Buffer.concat([START, Buffer.from([0xff, 0xdb, 0, 67, 1]), Buffer.alloc(64), SCAN]),
  ],
  [
    'a table of zeros',
    Buffer.concat([START, Buffer.from([0xff, 0xdb, 0, 67, 0]), Buffer.alloc(64), SCAN]),
  ],
  [
    'an end where a length should be',
    Buffer.concat([START, Buffer.from([0xff, 0xe0, 0xff, 0xff, 0])]),
  ],
])('gives no answer for %s', (_, bytes) => {
  expect(jpegQuality(bytes)).toBeUndefined()
})
