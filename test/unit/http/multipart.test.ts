import { describe, expect, test } from 'vitest'
import { ApiError } from '#/errors'
import { readForm } from '#/http/multipart'

const BOUNDARY = 'x--y'
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`
const CONTENT = 'a\r\n--x-\r\n\r\n--x--\n--x--y\r\rb'

const encoder = new TextEncoder()
const textOf = (parts: readonly Uint8Array[]) => new TextDecoder().decode(Buffer.concat(parts))
const mebibyte = 1024 * 1024

/** Prints one part; `disposition` is what follows `form-data`. */
const part = (disposition: string, content: string, boundary = BOUNDARY) =>
  `--${boundary}\r\nContent-Disposition: form-data${disposition}\r\n\r\n${content}\r\n`
const field = (name: string, value: string) => part(`; name="${name}"`, value)
const file = (filename: string, content: string, name = 'file') =>
  part(`; name="${name}"; filename="${filename}"`, content)
const END = `--${BOUNDARY}--\r\n`

type Read = { fields: Record<string, string[]>; files: [name: string, content: string][] }

/** Reads a form that arrives in these pieces, and gives its fields and what the sink got. */
async function read(pieces: readonly Uint8Array[], contentType = TYPE): Promise<Read> {
  const left = [...pieces]
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = left.shift()
      if (next) controller.enqueue(next.slice())
      else controller.close()
    },
  })
  const init = { method: 'POST', headers: { 'content-type': contentType }, body, duplex: 'half' }
  const files: { filename: string; bytes: Uint8Array[] }[] = []
  const { fields } = await readForm(new Request('http://localhost', init as RequestInit), {
    open: (filename) => void files.push({ filename, bytes: [] }),
    write: async (bytes) => {
      // Written late, as to R2: bytes must not change once the parser goes on.
      await Promise.resolve()
      files.at(-1)?.bytes.push(bytes.slice())
    },
  })
  return {
    fields: Object.fromEntries(fields),
    files: files.map(({ filename, bytes }) => [filename, textOf(bytes)]),
  }
}
const readText = (body: string, contentType?: string) => read([encoder.encode(body)], contentType)

/** Expects a 400 of a form that is malformed, and gives its message. */
async function refused(form: Promise<unknown>) {
  const error = await form.then(
    () => 'no error',
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ApiError)
  expect(error).toMatchObject({ type: 'general_argument_invalid' })
  expect((error as ApiError).message).toMatch(/^The form is malformed/)
  return (error as ApiError).message
}

describe('a form in pieces', () => {
  const body = [
    field('fileId', 'unique()'),
    field('empty', ''),
    file('grüße.txt', CONTENT),
    field('permissions[]', 'read("any")'),
    field('permissions[]', 'read("users")'),
    END,
  ].join('')
  const bytes = encoder.encode(body)
  const whole: Read = {
    fields: {
      fileId: ['unique()'],
      empty: [''],
      'permissions[]': ['read("any")', 'read("users")'],
    },
    files: [['grüße.txt', CONTENT]],
  }
  /** The pieces that give something else than the whole, or an error. */
  const differing = async (label: string, pieces: readonly Uint8Array[], expected = whole) => {
    const outcome = await read(pieces).catch(String)
    return JSON.stringify(outcome) === JSON.stringify(expected) ? [] : [`${label}: ${outcome}`]
  }
  const splits = (given: Uint8Array) =>
    Array.from({ length: given.length + 1 }, (_, at) => [given.slice(0, at), given.slice(at)])

  test('is read whole', async () => {
    expect(await read([bytes])).toEqual(whole)
  })
  test('reads the same from two pieces, split anywhere', async () => {
    const differences: string[] = []
    for (const [at, pieces] of splits(bytes).entries()) {
      differences.push(...(await differing(`split at ${at}`, pieces)))
    }
    expect(differences).toEqual([])
  })
  test('reads the same byte by byte', async () => {
    expect(
      await differing(
        'bytes',
        Array.from(bytes, (byte) => Uint8Array.of(byte)),
      ),
    ).toEqual([])
  })
  test.each([2, 3, 7, 16])('reads the same from pieces of %i bytes', async (size) => {
    const count = Math.ceil(bytes.length / size)
    const pieces = Array.from({ length: count }, (_, at) => bytes.slice(at * size, (at + 1) * size))
    expect(await differing('pieces', pieces)).toEqual([])
  })
  test('reads the same with an epilogue, split anywhere', async () => {
    const differences: string[] = []
    const longer = encoder.encode(`${body}The end: no part of it.\r\n`)
    for (const [at, pieces] of splits(longer).entries()) {
      differences.push(...(await differing(`split at ${at}`, pieces)))
    }
    expect(differences).toEqual([])
  })
  test('is refused wherever it is cut off', async () => {
    const accepted: number[] = []
    const end = body.lastIndexOf('--\r\n') + 2 + bytes.length - body.length
    for (let length = 1; length < end; length++) {
      const outcome = await read([bytes.slice(0, length)]).catch((error: ApiError) => error.type)
      if (outcome !== 'general_argument_invalid') accepted.push(length)
    }
    expect(accepted).toEqual([])
  })
})

describe('the file', () => {
  test.each([['file'], ['file[]'], ['file[0]']])('may be called %s', async (name) => {
    expect(await readText(file('a.txt', 'hello', name) + END)).toEqual({
      fields: {},
      files: [['a.txt', 'hello']],
    })
  })
  test.each([['file[1]'], ['files'], ['File'], ['afile'], ['file[x]'], ['']])(
    'is not the one called %j, whose bytes are dropped',
    async (name) => {
      expect(await readText(file('a.txt', 'hello', name) + field('x', '1') + END)).toEqual({
        fields: { x: ['1'] },
        files: [],
      })
    },
  )
  test('is the first of two', async () => {
    const body = file('a.txt', 'one') + field('x', '1') + file('b.txt', 'two') + END
    expect(await readText(body)).toEqual({ fields: { x: ['1'] }, files: [['a.txt', 'one']] })
  })
  test('is a field without a file name, whatever type it claims', async () => {
    const body = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"\r\nContent-Type: application/octet-stream\r\n\r\nhello\r\n${END}`
    expect(await readText(body)).toEqual({ fields: { file: ['hello'] }, files: [] })
  })
  test('may be empty', async () => {
    expect(await readText(file('a.txt', '') + END)).toEqual({ fields: {}, files: [['a.txt', '']] })
  })
  test.each([
    ['; name="file"; filename="a.txt"', 'a.txt'],
    ['; name="file"; filename=""', ''],
    ['; filename="a.txt"; name="file"', 'a.txt'],
    ['; name=file; filename=a.txt', 'a.txt'],
    ['; name="file"; filename="a b; c.txt"', 'a b; c.txt'],
    ['; name="file"; filename="ä.txt"', 'ä.txt'],
    ['; name="file"; filename="Łódź – 日本.txt"', 'Łódź – 日本.txt'],
    ['; name="file"; filename="😀.txt"', '😀.txt'],
    [String.raw`; name="file"; filename="say \"hi\".txt"`, 'say "hi".txt'],
    [String.raw`; name="file"; filename="a\\b.txt"`, String.raw`a\b.txt`],
    [String.raw`; name="file"; filename="C:\dir\a.txt"`, String.raw`C:\dir\a.txt`],
    [String.raw`; name="file"; filename="C:\dir\"`, 'C:\\dir\\'],
    ['; name="file"; filename="say %22hi%22%0D%0A.txt"', 'say %22hi%22%0D%0A.txt'],
    ['; name="file" ;filename="a.txt" ', 'a.txt'],
    ['; name="file"; filename="a.txt"; size=5; x=""', 'a.txt'],
    [`; name="file"; filename="a.txt"; filename*=latin1'de'%E4.txt`, 'a.txt'],
    [`; name="file"; filename*=UTF-8''%e2%82%ac%20rates.txt`, '€ rates.txt'],
    [`; name="file"; filename="plain.txt"; filename*=UTF-8''%C3%A4.txt`, 'ä.txt'],
  ])('with%s is called %j', async (disposition, filename) => {
    expect(await readText(part(disposition, 'hello') + END)).toEqual({
      fields: {},
      files: [[filename, 'hello']],
    })
  })
  test('with a percent sign that encodes nothing is refused', async () => {
    await refused(readText(part(`; name="file"; filename*=UTF-8''%zz`, 'hello') + END))
  })
  test('opens with the fields that came before it', async () => {
    const body = encoder.encode(field('a', '1') + file('a.txt', 'x') + field('b', '2') + END)
    const seen: string[][] = []
    const request = new Request('http://localhost', {
      method: 'POST',
      headers: { 'content-type': TYPE },
      body,
    })
    await readForm(request, {
      open: (_, fields) => void seen.push([...fields.keys()]),
      write: async () => undefined,
    })
    expect(seen).toEqual([['a']])
  })
  test.each(['open', 'write'] as const)('passes on what %s throws', async (step) => {
    const problem = new ApiError('storage_invalid_file_size')
    const sink = { open: () => undefined, write: async () => undefined }
    const request = new Request('http://localhost', {
      method: 'POST',
      headers: { 'content-type': TYPE },
      body: file('a.txt', 'hello') + END,
    })
    const failing = {
      ...sink,
      [step]: () => {
        throw problem
      },
    }
    await expect(readForm(request, failing)).rejects.toMatchObject({ type: problem.type })
  })
})

describe('the boundary', () => {
  const body = field('a', '1') + END
  test.each([
    [TYPE],
    [`multipart/form-data; boundary="${BOUNDARY}"`],
    [`multipart/form-data; charset=utf-8; boundary=${BOUNDARY}`],
    [`multipart/form-data; boundary=${BOUNDARY}; charset=utf-8`],
    [`Multipart/Form-Data; Boundary=${BOUNDARY}`],
  ])('is read from %s', async (contentType) => {
    expect(await readText(body, contentType)).toEqual({ fields: { a: ['1'] }, files: [] })
  })
  test('may hold what only quotes allow', async () => {
    const boundary = "a'()+_,-./:=? b"
    const quoted = `multipart/form-data; boundary="${boundary}"`
    const form = `${part('; name="a"', '1', boundary)}--${boundary}--`
    expect(await readText(form, quoted)).toEqual({ fields: { a: ['1'] }, files: [] })
  })
  test.each([['multipart/form-data'], ['multipart/form-data; boundary=other']])(
    'is missing from the body of %s',
    async (contentType) => {
      await refused(readText(body, contentType))
    },
  )
  test('needs no line break after the last one', async () => {
    const form = field('a', '1') + END.trimEnd()
    expect(await readText(form)).toEqual({ fields: { a: ['1'] }, files: [] })
  })
  test.each([
    ['a preamble', `This is a form.\r\n${body}`],
    ['a preamble of one line break', `\r\n${body}`],
    ['an epilogue', `${body}This was a form.`],
    ['a long epilogue', `${body}${'This was a form. '.repeat(100)}`],
  ])('sets off %s', async (_, form) => {
    expect(await readText(form)).toEqual({ fields: { a: ['1'] }, files: [] })
  })
  test.each([
    ['no end', field('a', '1')],
    ['no end after a file', file('a.txt', 'hello')],
    ['an end inside a file only', `${file('a.txt', 'x').trimEnd()}--${BOUNDARY}--`],
    ['half an end', `${field('a', '1')}--${BOUNDARY}-`],
    ['no name', part('', 'x') + END],
    ['no end of a header', `--${BOUNDARY}\r\nContent-Disposition: form-data; name="a"\r\n`],
    ['a bad header', `--${BOUNDARY}\r\nA B: c\r\n\r\nx\r\n${END}`],
    ['a header without a colon', `--${BOUNDARY}\r\nA\r\n\r\nx\r\n${END}`],
    ['no headers', `--${BOUNDARY}\r\n\r\nx\r\n${END}`],
    ['a part that is no form data', part('', 'x').replace('form-data', 'attachment; name=a') + END],
    ['a quote that is not closed', part('; name="a', 'x') + END],
    ['a boundary that goes on', `--${BOUNDARY}more\r\n${field('a', '1')}${END}`],
  ])('refuses a form with %s', async (_, form) => {
    await refused(readText(form))
  })
  test('may be missing where there is no body', async () => {
    expect(await readText('', 'multipart/form-data')).toEqual({ fields: {}, files: [] })
  })
  test.each([
    ['a value', [field('a', 'x'), END], 'x'],
    ['a name', [field('abc', '1'), END], 'abc'],
    ['a file name', [file('abc', 'hello'), END], 'abc'],
  ])('refuses %s that is not UTF-8', async (_, pieces, place) => {
    const bytes = encoder.encode(pieces.join(''))
    const text = pieces.join('')
    bytes[text.indexOf(place, text.indexOf('name=') + (place === 'x' ? 10 : 0))] = 0xff
    await refused(read([bytes]))
  })
})

describe('limits', () => {
  test('take fields of a mebibyte and no more', async () => {
    const { fields } = await readText(field('a', 'x'.repeat(mebibyte)) + END)
    expect(fields.a?.[0]).toHaveLength(mebibyte)
    await refused(readText(field('a', 'x'.repeat(mebibyte + 1)) + END))
  })
  test('count all fields together, in bytes', async () => {
    const half = 'ä'.repeat(mebibyte / 4)
    const two = field('a', half) + field('b', half)
    expect(Object.keys((await readText(two + END)).fields)).toEqual(['a', 'b'])
    expect(await refused(readText(two + field('c', 'x') + END))).toMatch(/too large/)
  })
  test('refuse a field before it ends', async () => {
    await refused(readText(field('a', 'x'.repeat(mebibyte + 1)).slice(0, -10)))
  })
  test('take headers of 16 KiB and no more', async () => {
    const named = (length: number) => readText(file('x'.repeat(length), 'y') + END)
    expect((await named(16_000)).files[0]?.[0]).toHaveLength(16_000)
    await refused(named(17_000))
  })
  test.each(['\\', '\\"', '"', ';a="\\'])('bound the time for %j again and again', async (text) => {
    const started = performance.now()
    await refused(readText(part(`; name="${text.repeat(16_000 / text.length)}`, 'x') + END))
    expect(performance.now() - started).toBeLessThan(1000)
  })
  test('do not hold for the file', async () => {
    const content = 'x'.repeat(3 * mebibyte)
    const { files } = await readText(file('a.bin', content) + END)
    expect(files[0]?.[1]).toHaveLength(content.length)
  })
  test('take 1,000 parts and no more', async () => {
    const parts = (count: number) => field('a', 'x').repeat(count) + END
    expect((await readText(parts(1000))).fields.a).toHaveLength(1000)
    await refused(readText(parts(1001)))
  })
})

describe('a body that is refused', () => {
  /** Returns a form of a large file in pieces, and how many of them were read. */
  function largeForm() {
    const count = { read: 0, total: 50 }
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        count.read++
        if (count.read === 1) controller.enqueue(encoder.encode(file('a', '').slice(0, -2)))
        else if (count.read <= count.total) controller.enqueue(new Uint8Array(1000))
        else controller.close()
      },
    })
    const init = { method: 'POST', headers: { 'content-type': TYPE }, body, duplex: 'half' }
    return { count, request: new Request('http://localhost', init as RequestInit) }
  }
  test('is read to its end, so that the client gets to see why', async () => {
    const { count, request } = largeForm()
    const sink = {
      open: () => undefined,
      write: () => Promise.reject(new ApiError('storage_invalid_file_size')),
    }
    await expect(readForm(request, sink)).rejects.toMatchObject({
      type: 'storage_invalid_file_size',
    })
    expect(count.read).toBe(count.total + 1)
  })
  test('is read to its end when it is malformed', async () => {
    const { count, request } = largeForm()
    await refused(
      readForm(new Request(request, { headers: { 'content-type': 'multipart/form-data' } }), {
        open: () => undefined,
        write: async () => undefined,
      }),
    )
    expect(count.read).toBe(count.total + 1)
  })
})

test.each([
  ['application/json'],
  ['application/x-www-form-urlencoded'],
  ['multipart/mixed; boundary=x--y'],
  ['multipart/form-dataX; boundary=x--y'],
  ['text/plain; a=multipart/form-data'],
])('gives no fields and no file for %s', async (contentType) => {
  expect(await readText(field('a', '1') + file('a', 'x') + END, contentType)).toEqual({
    fields: {},
    files: [],
  })
})
test('gives no fields for a request without a body', async () => {
  const request = new Request('http://localhost', {
    method: 'POST',
    headers: { 'content-type': TYPE },
  })
  const sink = { open: () => expect.unreachable(), write: () => expect.unreachable() }
  expect((await readForm(request, sink)).fields).toEqual(new Map())
})
