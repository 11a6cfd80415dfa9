import { Client, Compression, ID, Permission, Role, Storage, Tokens } from 'node-appwrite'
import { InputFile } from 'node-appwrite/file'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { signJwt } from '#/auth/jwt'
import { picture } from '#test/fixtures/pictures'
import { type RawAnswer, rawRequest } from '#test/support/raw-http'
import { SECRET } from '#test/support/serve'

const endpoint = inject('endpoint')
const client = new Client().setEndpoint(endpoint).setProject('edgewrite').setKey(inject('apiKey'))
const storage = new Storage(client)

const ENCODINGS = ['gzip', 'br', 'zstd', 'deflate', 'gzip, deflate, br, zstd', '*', 'br;q=1, *;q=0']
const line = 'all work and no play makes text that compresses well\n'
const TEXTS: Record<string, string> = {
  'a.txt': line.repeat(2000),
  'a.csv': 'id,name\n'.concat('1,somebody\n'.repeat(5000)),
  'a.json': JSON.stringify(Array(5000).fill({ name: 'somebody' })),
  'a.svg': `<svg xmlns="http://www.w3.org/2000/svg">${'<rect width="1"/>'.repeat(3000)}</svg>`,
  'a.md': `# Title\n\n${line.repeat(2000)}`,
  'a.html': `<!doctype html>${'<p>text</p>'.repeat(5000)}`,
  'a.xml': `<?xml version="1.0"?><x>${'<y/>'.repeat(5000)}</x>`,
  'a.js': `// code\n${line.repeat(2000)}`,
}
const COMPRESSIONS = [Compression.None, Compression.Gzip, Compression.Zstd] as const

const bucketIds = new Map<string, string>()
const urlOf = (bucketId: string, fileId: string, how: string, query = '') =>
  `${endpoint}/storage/buckets/${bucketId}/files/${fileId}/${how}?project=edgewrite${query}`

async function pushUrl(bucketId: string, fileId: string) {
  const claims = { projectId: 'edgewrite', bucketId, fileId, exp: 4_102_444_800 }
  return urlOf(bucketId, fileId, 'push', `&jwt=${await signJwt(claims, SECRET)}`)
}
const urlsOf = async (bucketId: string, fileId: string) => [
  urlOf(bucketId, fileId, 'download'),
  urlOf(bucketId, fileId, 'view'),
  await pushUrl(bucketId, fileId),
]

/** What no answer with a file's bytes may lack: the plain length, and no encoding. */
function expectPlain({ headers }: RawAnswer, length: number) {
  expect(headers['content-encoding'] ?? 'identity').toBe('identity')
  expect(headers['transfer-encoding']).toBeUndefined()
  expect(headers['content-length']).toBe(`${length}`)
  expect(headers['cache-control']).toBe('private, max-age=3888000, no-transform')
  expect(headers.etag).toMatch(/^"[0-9a-f]{32}-[0-9a-f]{8}"$/)
}

beforeAll(async () => {
  for (const compression of COMPRESSIONS) {
    const bucket = await storage.createBucket({
      bucketId: ID.unique(),
      name: 'Wire',
      permissions: [Permission.read(Role.any())],
      compression,
    })
    bucketIds.set(compression, bucket.$id)
    for (const [name, text] of Object.entries(TEXTS)) {
      const file = InputFile.fromPlainText(text, name)
      await storage.createFile({ bucketId: bucket.$id, fileId: name, file })
    }
  }
})

describe.each(COMPRESSIONS)('a file of a bucket with compression %s is sent as it is', (kind) => {
  test.each(Object.keys(TEXTS))('%s', async (fileId) => {
    const bytes = Buffer.from(TEXTS[fileId] ?? '')
    const bucketId = bucketIds.get(kind) ?? ''
    for (const url of await urlsOf(bucketId, fileId)) {
      for (const encoding of kind === 'none' ? ENCODINGS : ['gzip, deflate, br, zstd']) {
        const headers = { 'Accept-Encoding': encoding }
        const whole = await rawRequest(url, { headers })
        expect(whole.status).toBe(200)
        expectPlain(whole, bytes.length)
        expect(whole.bytes.equals(bytes)).toBe(true)
        const head = await rawRequest(url, { method: 'HEAD', headers })
        expect([head.status, head.bytes.length]).toEqual([200, 0])
        expectPlain(head, bytes.length)
      }
    }
  })
})

/** Downloads a file as a client does whose connection breaks after so many bytes. */
async function resumed(url: string, size: number, breaks: readonly number[]) {
  const parts: Buffer[] = []
  const starts = [0, ...breaks]
  for (const [index, start] of starts.entries()) {
    const end = (starts[index + 1] ?? size) - 1
    const headers = { 'Accept-Encoding': 'gzip, br, zstd', Range: `bytes=${start}-${end}` }
    const answer = await rawRequest(url, { headers })
    expect(answer.status).toBe(206)
    expectPlain(answer, end - start + 1)
    expect(answer.headers['content-range']).toBe(`bytes ${start}-${end}/${size}`)
    const head = await rawRequest(url, { method: 'HEAD', headers })
    expect(head.status).toBe(206)
    expectPlain(head, end - start + 1)
    expect(head.headers['content-range']).toBe(answer.headers['content-range'])
    parts.push(answer.bytes)
  }
  return Buffer.concat(parts)
}

test.each(COMPRESSIONS)('ranges of %s put together are the file', async (kind) => {
  for (const [fileId, text] of Object.entries(TEXTS)) {
    const size = Buffer.byteLength(text)
    for (const url of await urlsOf(bucketIds.get(kind) ?? '', fileId)) {
      const breaks = [1, 1024, 20_000, size - 1]
      expect((await resumed(url, size, breaks)).equals(Buffer.from(text))).toBe(true)
    }
  }
})

test.each(ENCODINGS)(
  'a client that has the file is told so plainly, asking for %s',
  async (asked) => {
    for (const url of await urlsOf(bucketIds.get('none') ?? '', 'a.txt')) {
      const { headers } = await rawRequest(url)
      for (const method of ['GET', 'HEAD']) {
        const answer = await rawRequest(url, {
          method,
          headers: { 'Accept-Encoding': asked, 'If-None-Match': headers.etag ?? '' },
        })
        expect([answer.status, answer.bytes.length]).toEqual([304, 0])
        expect(answer.headers.etag).toBe(headers.etag)
        expect(answer.headers['content-encoding'] ?? 'identity').toBe('identity')
        expect(answer.headers['cache-control']).toMatch(/no-transform/)
      }
    }
  },
)

test('a preview is sent as it is', async () => {
  const bucketId = bucketIds.get('none') ?? ''
  const file = InputFile.fromBuffer(Buffer.from(picture('png')), 'a.png')
  await storage.createFile({ bucketId, fileId: 'picture', file })
  for (const fileId of ['picture', 'a.txt']) {
    const url = urlOf(bucketId, fileId, 'preview', '&width=20')
    const first = await rawRequest(url, { headers: { 'Accept-Encoding': 'gzip, br, zstd' } })
    const again = await rawRequest(url, { headers: { 'Accept-Encoding': 'gzip, br, zstd' } })
    for (const answer of [first, again]) {
      expect(answer.status).toBe(200)
      expect(answer.headers['content-encoding'] ?? 'identity').toBe('identity')
      expect(answer.headers['cache-control']).toMatch(/^private, max-age=\d+, no-transform$/)
      expect(answer.headers['cross-origin-resource-policy']).toBe('cross-origin')
    }
    expect(again.bytes.equals(first.bytes)).toBe(true)
  }
})

test('a name of 2,048 characters reaches HTTP clients with its extension', async () => {
  const bucketId = bucketIds.get('none') ?? ''
  for (const character of ['漢', 'ü', 'a', '"']) {
    const name = `${character.repeat(2044)}.txt`.slice(0, 2048)
    const fileId = ID.unique()
    const form = new FormData()
    form.set('fileId', fileId)
    form.set('file', new File(['x'], name))
    const sent = await fetch(`${endpoint}/storage/buckets/${bucketId}/files`, {
      method: 'POST',
      headers: { 'X-Appwrite-Project': 'edgewrite', 'X-Appwrite-Key': inject('apiKey') },
      body: form,
    })
    if (sent.status === 400) continue // a form writes the character as several
    expect(sent.status).toBe(201)
    for (const how of ['download', 'view']) {
      const { headers } = await rawRequest(urlOf(bucketId, fileId, how))
      const disposition = headers['content-disposition'] ?? ''
      expect(disposition.length).toBeLessThanOrEqual(2048)
      expect(disposition).toMatch(/filename="[^"]*\.txt"/)
      expect(JSON.stringify(headers).length).toBeLessThan(4096)
    }
  }
})

describe('a page of another origin', () => {
  const Origin = 'https://app.example.com'
  const READABLE = ['ETag', 'Content-Range', 'Content-Length', 'Content-Disposition']

  test('may read what a download needs, and nothing of it where it is a stranger', async () => {
    const bucketId = bucketIds.get('none') ?? ''
    for (const url of await urlsOf(bucketId, 'a.txt')) {
      for (const headers of [{ Origin }, { Origin, Range: 'bytes=0-9' }]) {
        const answer = await rawRequest(url, { headers })
        expect(answer.headers['access-control-allow-origin']).toBe(Origin)
        const exposed = answer.headers['access-control-expose-headers']?.split(', ') ?? []
        expect(exposed).toEqual(expect.arrayContaining([...READABLE, 'X-Fallback-Cookies']))
      }
      const stranger = await rawRequest(url, { headers: { Origin: 'https://evil.example' } })
      expect(stranger.headers['access-control-allow-origin']).toBeUndefined()
    }
    const headers = { Origin, Range: 'bytes=999999999-' }
    const refused = await rawRequest(urlOf(bucketId, 'a.txt', 'view'), { headers })
    expect(refused.status).toBe(416)
    expect(refused.headers['access-control-expose-headers']).toContain('Content-Range')
  })
  test('may embed what anybody may read, or what its address opens, and no other file', async () => {
    const { $id: bucketId } = await storage.createBucket({
      bucketId: ID.unique(),
      name: 'Closed',
      fileSecurity: true,
    })
    const upload = (fileId: string, permissions: string[]) =>
      storage.createFile({
        bucketId,
        fileId,
        file: InputFile.fromPlainText('x', 'a.txt'),
        permissions,
      })
    await upload('open', [Permission.read(Role.any())])
    await upload('members', [Permission.read(Role.users())])
    await upload('closed', [])
    const key = { 'X-Appwrite-Project': 'edgewrite', 'X-Appwrite-Key': inject('apiKey') }
    const policyOf = async (url: string) => {
      const { status, headers } = await rawRequest(url, { headers: key })
      expect(status).toBe(200)
      return headers['cross-origin-resource-policy']
    }
    const { secret } = await new Tokens(client).createFileToken({ bucketId, fileId: 'closed' })
    expect({
      open: await policyOf(urlOf(bucketId, 'open', 'view')),
      members: await policyOf(urlOf(bucketId, 'members', 'view')),
      closed: await policyOf(urlOf(bucketId, 'closed', 'download')),
      byToken: await policyOf(urlOf(bucketId, 'closed', 'view', `&token=${secret}`)),
      preview: await policyOf(urlOf(bucketId, 'closed', 'preview')),
    }).toEqual({
      open: 'cross-origin',
      members: undefined,
      closed: undefined,
      byToken: 'cross-origin',
      preview: undefined,
    })
  })
})
