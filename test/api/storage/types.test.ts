import { describe, expect, test } from 'vitest'
import { NOW, world } from '#test/support/world'

const MiB = 1024 * 1024

/** A compound file of 6 MiB with its directory near the end, where Word puts it. */
function largeDocument(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(6 * MiB)
  const view = new DataView(bytes.buffer)
  bytes.set([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])
  view.setUint16(30, 9, true)
  const sector = bytes.length / 512 - 3
  view.setUint32(48, sector, true)
  for (const [index, name] of ['Root Entry', 'WordDocument'].entries()) {
    const entry = (sector + 1) * 512 + index * 128
    for (let at = 0; at < name.length; at++) {
      view.setUint16(entry + at * 2, name.charCodeAt(at), true)
    }
    view.setUint16(entry + 64, name.length * 2 + 2, true)
    bytes[entry + 66] = index === 0 ? 5 : 2
  }
  return bytes
}

describe('a type that stands further in than the first bytes', () => {
  test.each(['none', 'gzip', 'zstd'] as const)(
    'is found in a whole upload, kept as %s',
    async (compression) => {
      const w = await world({}, () => NOW)
      const { id } = await w.bucket({ compression })
      const { status, body } = await w.upload(id, largeDocument(), { fileId: 'a', name: 'a.doc' })
      expect([status, body.mimeType, body.compression]).toEqual([
        201,
        'application/msword',
        compression,
      ])
      const view = await w.send('get', `/storage/buckets/${id}/files/a/view`)
      expect(view.headers.get('content-type')).toBe('application/msword')
    },
  )
  test('is found in an upload in chunks', async () => {
    const w = await world({}, () => NOW)
    const { id } = await w.bucket()
    const bytes = largeDocument()
    const types = []
    for (const start of [0, 5 * MiB]) {
      const part = bytes.slice(start, start + 5 * MiB)
      const range = `bytes ${start}-${start + part.length - 1}/${bytes.length}`
      types.push((await w.upload(id, part, { fileId: 'a', range })).body.mimeType)
    }
    expect(types).toEqual(['', 'application/msword'])
  })
})
