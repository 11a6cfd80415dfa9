import { describe, expect, test } from 'vitest'
import { files } from '#/db/schema'
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

describe('the charset of a text', () => {
  const utf8 = (text: string) => Uint8Array.from(new TextEncoder().encode(text))
  const latin1 = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0))
  const long = 'a line of text like many others\n'.repeat(20_000)
  const joined = (head: Uint8Array, tail: Uint8Array) => new Uint8Array([...head, ...tail])

  /** Uploads a file. @returns its type as a download and as a view */
  async function typesOf(bytes: Uint8Array<ArrayBuffer>, chunked = false) {
    const w = await world({}, () => NOW)
    const { id } = await w.bucket()
    const range = chunked ? { range: `bytes 0-${bytes.length - 1}/${bytes.length}` } : {}
    expect((await w.upload(id, bytes, { fileId: 'a', ...range })).status).toBe(201)
    const types = []
    for (const how of ['download', 'view']) {
      const whole = await w.send('get', `/storage/buckets/${id}/files/a/${how}`)
      const head = await w.send('head', `/storage/buckets/${id}/files/a/${how}`)
      expect(head.headers.get('content-type')).toBe(whole.headers.get('content-type'))
      types.push(whole.headers.get('content-type'))
    }
    return types
  }
  const text = (charset: string) => Array(2).fill(`text/plain; charset=${charset}`)

  test.each<[string, Uint8Array<ArrayBuffer>, string[]]>([
    ['ASCII', utf8('Hello, world'), text('UTF-8')],
    ['UTF-8', utf8('Grüße 😀'), text('UTF-8')],
    ['UTF-8 with a mark', utf8('\ufeffGrüße'), text('UTF-8')],
    ['UTF-8, long', utf8(`${long}Grüße`), text('UTF-8')],
    [
      'UTF-8 with a character across the first 64 KiB',
      utf8(`${'a'.repeat(65_535)}ü`),
      text('UTF-8'),
    ],
    ['Latin-1', latin1('caf\xe9 au lait'), ['text/plain', 'text/plain']],
    ['Latin-1 far behind', joined(utf8(long), latin1('caf\xe9')), ['text/plain', 'text/plain']],
    ['UTF-8 cut off', utf8(`${long}ü`).slice(0, -1), ['text/plain', 'text/plain']],
    ['UTF-16 LE', latin1('\xff\xfeh\0i\0'), text('UTF-16')],
    ['UTF-16 BE', latin1('\xfe\xff\0h\0i'), text('UTF-16')],
    ['HTML', utf8('<!doctype html><p>ü</p>'), ['text/html; charset=UTF-8', text('UTF-8')[0]]],
    ['CSV', utf8('a,ü\n1,2\n'), ['text/csv; charset=UTF-8', text('UTF-8')[0]]],
    ['JSON', utf8('{"a": "ü"}'), ['application/json', text('UTF-8')[0]]],
    ['SVG', utf8('<svg xmlns="http://www.w3.org/2000/svg"/>'), ['image/svg+xml', 'image/svg+xml']],
    ['bytes', latin1('\0\x01\x02'), ['application/octet-stream', 'text/plain']],
    ['nothing', utf8(''), ['application/x-empty', 'text/plain']],
  ])('that is %s', async (_, bytes, types) => {
    expect(await typesOf(bytes)).toEqual(types)
    if (bytes.length > 0) expect(await typesOf(bytes, true)).toEqual(types)
  })
  test('of a file from before it was noted is not stated', async () => {
    const w = await world({}, () => NOW)
    const { id } = await w.bucket()
    await w.upload(id, 'Hello', { fileId: 'a' })
    await w.db.update(files).set({ charset: null })
    const view = await w.send('get', `/storage/buckets/${id}/files/a/view`)
    expect(view.headers.get('content-type')).toBe('text/plain')
  })
})
