import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { signJwt } from '#/auth/jwt'
import { files } from '#/db/schema'
import { blobKey } from '#/storage/blobs'
import { INLINE_TYPES } from '#/storage/mime'
import { picture } from '#test/fixtures/pictures'
import { md5, noise } from '#test/support/hash'
import { GUEST_HEADERS, PROJECT, ROOT, world } from '#test/support/world'

const UPLOADED = new Date('2026-11-24T12:00:00.500Z')
const DATE = 'Tue, 24 Nov 2026 12:00:00 GMT'
const TEXT = 'Hello, world'

/** Returns a public bucket with one file in it, and a way to ask for it. */
async function scene(
  content: Uint8Array<ArrayBuffer> | string = TEXT,
  name = 'a.txt',
  bucket = {},
) {
  const w = await world({}, () => UPLOADED)
  const { id } = await w.bucket({ permissions: ['read("any")'], ...bucket })
  const { body: file } = await w.upload(id, content, { fileId: 'a', name })
  const at = `/storage/buckets/${id}/files/a`
  const get = (how: 'view' | 'download', headers = {}, method = 'get') =>
    w.send(method, `${at}/${how}`, undefined, { ...GUEST_HEADERS, ...headers })
  return { w, id, at, file, get }
}
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

describe('a whole file', () => {
  test('is downloaded with its own type and name', async () => {
    const { file, get } = await scene()
    const { status, headers, bytes, trips } = await get('download')
    expect([status, text(bytes), trips]).toEqual([200, TEXT, 2])
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'text/plain; charset=UTF-8',
      'content-disposition': 'attachment; filename="a.txt"',
      'content-length': '12',
      'cache-control': 'private, max-age=3888000, no-transform',
      'x-content-type-options': 'nosniff',
      'accept-ranges': 'bytes',
      etag: expect.stringMatching(new RegExp(`^"${file.signature}-[0-9a-f]{8}"$`)),
      'last-modified': DATE,
    })
    expect(headers.get('content-security-policy')).toBeNull()
  })
  test('is shown inline where a browser may show it', async () => {
    const { get } = await scene(picture('png'), 'a.png')
    const { status, headers, bytes } = await get('view')
    expect([status, bytes]).toEqual([200, picture('png')])
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'image/png',
      'content-disposition': 'inline; filename="a.png"',
      'cache-control': 'private, max-age=3888000, no-transform',
      'x-content-type-options': 'nosniff',
    })
  })
  test('has the name that it was given last', async () => {
    const { w, at, get } = await scene()
    await w.send('put', at, { name: 'grüße "1".txt' })
    expect((await get('download')).headers.get('content-disposition')).toBe(
      `attachment; filename="gr__e _1_.txt"; filename*=UTF-8''gr%C3%BC%C3%9Fe%20%221%22.txt`,
    )
  })
  test('may be empty', async () => {
    const { get } = await scene('')
    const { status, headers, bytes } = await get('view')
    expect([status, bytes.length, headers.get('content-length')]).toEqual([200, 0, '0'])
    expect(headers.get('content-type')).toBe('text/plain')
  })
  test('of 25 MiB comes back byte for byte', async () => {
    const bytes = noise(25 * 1024 * 1024)
    const { get } = await scene(bytes, 'big.bin')
    const back = await get('download')
    expect([back.bytes.length, await md5(back.bytes)]).toEqual([bytes.length, await md5(bytes)])
  })
})

describe('a view never lets a file run script on our origin', () => {
  test.each([
    ['HTML', '<!doctype html><script>alert(1)</script>', 'a.html'],
    ['XML', '<?xml version="1.0"?><x/>', 'a.xml'],
    ['JSON', '{"a": 1}', 'a.json'],
    ['script', '#!/bin/sh\nalert(1)', 'a.js'],
    ['HTML called a picture', '<!doctype html><script>alert(1)</script>', 'a.png'],
    ['unknown bytes', '\0\x01\x02\x03', 'a.html'],
  ])('%s is plain text, sandboxed', async (_, content, name) => {
    const { get } = await scene(content, name)
    const { headers, bytes } = await get('view')
    expect(text(bytes)).toBe(content)
    expect(headers.get('content-type')).toMatch(/^text\/plain(; charset=UTF-8)?$/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy.startsWith('script-src none;')).toBe(true)
    expect(policy).toMatch(/; sandbox$/)
    expect(policy).toMatch(/default-src 'none'/)
  })
  test('an SVG is a picture, sandboxed where it is opened as a document', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    const { get } = await scene(svg, 'a.svg')
    const { headers, bytes } = await get('view')
    expect([text(bytes), headers.get('content-type')]).toEqual([svg, 'image/svg+xml'])
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toBe(
      "script-src none; script-src-elem 'none'; script-src-attr 'none'; default-src 'none'; " +
        "img-src data:; font-src data:; style-src 'unsafe-inline'; sandbox",
    )
    expect((await get('download')).headers.get('content-disposition')).toMatch(/^attachment;/)
  })
  test('only types on the list are shown as themselves', async () => {
    const { w, id, get } = await scene()
    const types = [...INLINE_TYPES, 'image/svg+xml', 'text/html', 'image/heif', 'IMAGE/PNG']
    for (const mimeType of types) {
      await w.db.update(files).set({ mimeType }).where(eq(files.bucketId, id))
      const isShown = INLINE_TYPES.has(mimeType) || mimeType === 'image/svg+xml'
      const shown = isShown ? mimeType : 'text/plain'
      const charset = (type: string) => (type.startsWith('text/') ? `${type}; charset=UTF-8` : type)
      expect((await get('view')).headers.get('content-type')).toBe(charset(shown))
      expect((await get('download')).headers.get('content-type')).toBe(charset(mimeType))
    }
  })
  test('a PDF is not sandboxed: no viewer would open it', async () => {
    const { get } = await scene('%PDF-1.7\n', 'a.pdf')
    const { headers } = await get('view')
    expect(headers.get('content-type')).toBe('application/pdf')
    expect(headers.get('content-security-policy')).toBe('script-src none;')
  })
  test.each([
    ['a line break', 'a\r\nSet-Cookie: x=1.txt'],
    ['a quote', 'a"; filename="b.exe'],
  ])('a name with %s adds nothing to the headers', async (_, name) => {
    const { w, at, get } = await scene()
    await w.send('put', at, { name })
    const { headers } = await get('view')
    expect(headers.get('set-cookie')).toBeNull()
    expect(headers.get('content-disposition')).toMatch(/^inline; filename="[^"\r\n]*"; filename\*=/)
  })
})

describe('a range', () => {
  test.each([
    ['bytes=0-0', 'H', 'bytes 0-0/12'],
    ['bytes=0-4', 'Hello', 'bytes 0-4/12'],
    ['bytes=7-', 'world', 'bytes 7-11/12'],
    ['bytes=-5', 'world', 'bytes 7-11/12'],
    ['bytes=7-999', 'world', 'bytes 7-11/12'],
  ])('%s gives %j', async (range, part, contentRange) => {
    for (const [how, bucket] of [
      ['view', {}],
      ['download', {}],
      ['download', { compression: 'gzip' }],
      ['view', { compression: 'zstd' }],
    ] as const) {
      const { get } = await scene(TEXT, 'a.txt', bucket)
      const { status, headers, bytes } = await get(how, { Range: range })
      expect([status, text(bytes)]).toEqual([206, part])
      expect(headers.get('content-range')).toBe(contentRange)
      expect(headers.get('content-length')).toBe(`${part.length}`)
      expect(headers.get('accept-ranges')).toBe('bytes')
      expect(headers.get('content-disposition')).toMatch(/filename="a.txt"/)
    }
  })
  test.each(['bytes=12-', 'bytes=5-2', 'bytes=0-1,3-4', 'lines=0-1', 'bytes=-0', 'x'])(
    '%s is refused with the size',
    async (range) => {
      const { get } = await scene()
      const { status, body, headers } = await get('view', { Range: range })
      expect([status, body.type]).toEqual([416, 'storage_invalid_range'])
      expect(headers.get('content-range')).toBe('bytes */12')
      expect(headers.get('cache-control')).toBe('no-cache, no-store, must-revalidate')
    },
  )
  test('without an end is cut for a player: 10 MiB of a download, 20,000,000 bytes of a view', async () => {
    const bytes = noise(21 * 1024 * 1024)
    const { get } = await scene(bytes, 'big.bin')
    for (const [how, most] of [
      ['download', 10_485_760],
      ['view', 20_000_000],
    ] as const) {
      const answer = await get(how, { Range: 'bytes=5-' })
      expect(answer.headers.get('content-range')).toBe(`bytes 5-${most + 4}/${bytes.length}`)
      expect(await md5(answer.bytes)).toBe(await md5(bytes.slice(5, most + 5)))
    }
  })
  test('counts only for the version that If-Range names', async () => {
    const { get } = await scene()
    const etag = (await get('view')).headers.get('etag') ?? ''
    const cases = [
      [etag, 206],
      [DATE, 206],
      ['"other"', 200],
      [`W/${etag}`, 200],
      ['Mon, 23 Nov 2026 12:00:00 GMT', 200],
    ] as const
    for (const [version, status] of cases) {
      const answer = await get('view', { Range: 'bytes=0-4', 'If-Range': version })
      expect([version, answer.status, text(answer.bytes)]).toEqual([
        version,
        status,
        status === 206 ? 'Hello' : TEXT,
      ])
    }
  })
})

describe('a client that has the file', () => {
  test('is told so without a read from R2', async () => {
    const { get } = await scene()
    const etag = (await get('download')).headers.get('etag') ?? ''
    for (const [name, value] of [
      ['If-None-Match', etag],
      ['If-None-Match', `W/${etag}`],
      ['If-None-Match', '*'],
      ['If-Modified-Since', DATE],
    ] as const) {
      const { status, bytes, headers } = await get('download', { [name]: value })
      expect([name, status, bytes.length]).toEqual([name, 304, 0])
      expect(headers.get('etag')).toBe(etag)
      expect(headers.get('cache-control')).toBe('private, max-age=3888000, no-transform')
    }
    expect((await get('download', { 'If-None-Match': '"other"' })).status).toBe(200)
    expect((await get('download', { 'If-Match': '"other"' })).status).toBe(412)
    expect((await get('download', { 'If-Match': etag })).status).toBe(200)
  })
  test('keeps it when the file is renamed, and not when it is replaced', async () => {
    const { w, id, at, get } = await scene()
    const etag = (await get('view')).headers.get('etag')
    await w.send('put', at, { name: 'b.txt' })
    expect((await get('view')).headers.get('etag')).toBe(etag)
    await w.send('delete', at)
    await w.upload(id, TEXT, { fileId: 'a' })
    expect((await get('view')).headers.get('etag')).not.toBe(etag)
  })
  test('needs the right to read it all the same', async () => {
    const { w, id, get } = await scene()
    const etag = (await get('view')).headers.get('etag') ?? ''
    await w.send('put', `/storage/buckets/${id}`, { name: 'x', permissions: [] })
    expect((await get('view', { 'If-None-Match': etag })).status).toBe(401)
  })
})

describe('HEAD', () => {
  test('answers like GET, without a body', async () => {
    const { get } = await scene(TEXT, 'a.txt', { compression: 'gzip' })
    for (const headers of [{}, { Range: 'bytes=0-4' }]) {
      const [head, full] = [await get('view', headers, 'head'), await get('view', headers)]
      expect([head.status, head.bytes.length]).toEqual([full.status, 0])
      for (const { headers } of [head, full]) headers.delete('x-request-id') // of each its own
      expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(full.headers))
    }
  })
})

test('a file whose bytes are missing is not there', async () => {
  const { w, id, get } = await scene()
  const [row] = await w.db.select().from(files).where(eq(files.bucketId, id))
  await env.BLOBS.delete(blobKey(row?.blobId ?? ''))
  expect(await get('view')).toMatchObject({ status: 404, body: { type: 'storage_file_not_found' } })
})

describe('push', () => {
  const soon = Math.floor(UPLOADED.getTime() / 1000) + 60
  const ask = async (change: object = {}, secret: string = env.SECRET) => {
    // The bucket is closed: the JWT alone opens it.
    const { w, id, at } = await scene(picture('png'), 'a.png', { permissions: [] })
    const claims = { projectId: PROJECT, bucketId: id, fileId: 'a', exp: soon, ...change }
    const jwt = await signJwt(claims, secret)
    return w.send('get', `${at}/push?jwt=${jwt}`, undefined, GUEST_HEADERS)
  }
  test('serves the file that its JWT names, inline or as the JWT says', async () => {
    const shown = await ask()
    expect([shown.status, shown.bytes]).toEqual([200, picture('png')])
    expect(shown.headers.get('content-disposition')).toBe('inline; filename="a.png"')
    const saved = await ask({ disposition: 'attachment' })
    expect(saved.headers.get('content-disposition')).toBe('attachment; filename="a.png"')
  })
  test.each([
    ['for another file', { fileId: 'b' }, undefined],
    ['for another bucket', { bucketId: 'b' }, undefined],
    ['for another project', { projectId: 'p' }, undefined],
    ['that has expired', { exp: soon - 120 }, undefined],
    ['with a disposition that there is not', { disposition: 'x' }, undefined],
    ['signed by another', {}, 'another secret, as long as the other one'],
  ])('refuses a JWT %s', async (_, change, secret) => {
    expect(await ask(change, secret)).toMatchObject({
      status: 401,
      body: { type: 'user_unauthorized' },
    })
  })
  test('refuses whoever has none, and keys, whose scopes it is not among', async () => {
    const { w, at } = await scene()
    const types = []
    for (const headers of [GUEST_HEADERS, ROOT]) {
      types.push((await w.send('get', `${at}/push`, undefined, headers)).body.type)
    }
    expect(types).toEqual(['user_unauthorized', 'general_unauthorized_scope'])
  })
})
