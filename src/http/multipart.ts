import { Buffer } from 'node:buffer'
import { ApiError } from '#/errors'
import { blocksOf } from '#/http/blocks'
import { type Disposition, parseDisposition } from '#/http/disposition'

/** Takes the bytes of a form's file as they come. */
export type FormSink = {
  /** Announces the file, with the fields that came before it. */
  open(filename: string, fields: Map<string, string[]>): void
  /** Hears of a file that is not the one: its bytes are dropped, unless this throws. */
  skip?(name: string): void
  /** Stores bytes; no more of the body is read until it is done. */
  write(bytes: Uint8Array): Promise<void>
}

/** What a form holds beside its file; names are as sent, `permissions[]` with its brackets. */
export type Form = { fields: Map<string, string[]> }

const MAX_PARTS = 1000
const MAX_HEADER_BYTES = 16 * 1024
const MAX_FIELD_BYTES = 1024 * 1024
/** How much of a refused body is still read; zones take no larger ones, short of a special plan. */
const MAX_DRAINED_BYTES = 500 * 1000 * 1000
const FILE_PART = /^file(\[0?\])?$/
const BOUNDARY = /;\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i

/** Decodes text of a form. @throws `general_argument_invalid` for what is not UTF-8 */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw malformed('it has text that is not UTF-8.')
  }
}

const malformed = (detail: string) =>
  new ApiError('general_argument_invalid', `The form is malformed: ${detail}`)

/**
 * Reads a multipart form whose one file may be of any size (RFC 7578). The file is the first part called
 * `file`, `file[]` or `file[0]` that has a file name; the bytes of other files are dropped. Whatever
 * happens, the body is read to its end: a client whose connection is cut while it sends never sees why.
 * @returns no fields at all when the body is empty or not a multipart form
 * @throws `general_argument_invalid` for a malformed or truncated form; what the sink throws passes through
 */
export async function readForm(request: Request, sink: FormSink): Promise<Form> {
  const fields = new Map<string, string[]>()
  const contentType = request.headers.get('content-type') ?? ''
  if (!/^multipart\/form-data(?![^\s;])/i.test(contentType) || !request.body) return { fields }
  const input = byteReader(request.body)
  try {
    if (!(await input.isEmpty())) {
      await readParts(input, boundaryOf(contentType), fields, sink)
    }
  } finally {
    await input.drain()
  }
  return { fields }
}

function boundaryOf(contentType: string): string {
  const [, quoted, plain] = BOUNDARY.exec(contentType) ?? []
  const boundary = quoted ?? plain
  if (boundary === undefined) throw malformed('its boundary is missing.')
  return boundary
}

const CRLF = Buffer.from('\r\n')
const END_OF_HEADERS = Buffer.from('\r\n\r\n')

/** Reads part after part; a line break belongs to the delimiter that follows it (RFC 2046 §5.1.1). */
async function readParts(
  input: ByteReader,
  boundary: string,
  fields: Map<string, string[]>,
  sink: FormSink,
) {
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  let hasFile = false
  let fieldBytes = 0
  await input.upTo(delimiter, () => undefined)
  for (let count = 0; !(await input.accept('--')); count++) {
    if (count === MAX_PARTS) throw malformed(`it has more than ${MAX_PARTS} parts.`)
    const { name, filename } = await readHeaders(input)
    if (filename === undefined) {
      const value = await readShort(input, delimiter, MAX_FIELD_BYTES - fieldBytes)
      fieldBytes += value.length
      fields.set(name, [...(fields.get(name) ?? []), decode(value)])
    } else if (hasFile || !FILE_PART.test(name)) {
      sink.skip?.(name)
      await input.upTo(delimiter, () => undefined)
    } else {
      hasFile = true
      sink.open(filename, fields)
      await input.upTo(delimiter, (bytes) => sink.write(bytes))
    }
  }
}

async function readShort(input: ByteReader, delimiter: Buffer, maxBytes: number): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let length = 0
  await input.upTo(delimiter, (bytes) => {
    length += bytes.length
    if (length > maxBytes) throw malformed('its fields or headers are too large.')
    pieces.push(bytes)
  })
  return Buffer.concat(pieces, length)
}

/** Reads a part's headers, with the rest of the delimiter's line before them. */
async function readHeaders(input: ByteReader): Promise<Disposition> {
  const [padding = '', ...lines] = decode(
    await readShort(input, END_OF_HEADERS, MAX_HEADER_BYTES),
  ).split('\r\n')
  if (!/^[ \t]*$/.test(padding)) throw malformed('something follows a boundary.')
  let disposition: Disposition | undefined
  for (const line of lines) {
    const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*)$/s.exec(line) ?? []
    if (name === undefined || value === undefined) throw malformed('a part has a bad header.')
    if (name.toLowerCase() === 'content-disposition') disposition = parseDisposition(value)
  }
  if (!disposition) throw malformed('a part has no name.')
  return disposition
}

type ByteReader = ReturnType<typeof byteReader>

/** Reads a stream up to delimiters, without gathering what lies between them. */
function byteReader(body: ReadableStream<Uint8Array>) {
  const blocks = blocksOf(body)
  // The first delimiter may stand at the very start, where its line break is missing.
  let unread: Uint8Array = CRLF

  async function pull(): Promise<boolean> {
    const block = await blocks.next()
    if (block) unread = unread.length === 0 ? block : Buffer.concat([unread, block])
    return block !== undefined
  }

  /** Takes what is known to lie before the delimiter, and the delimiter itself once it is there. */
  function take(delimiter: Buffer) {
    const at = indexOf(unread, delimiter)
    const found = at >= 0
    const ready = unread.subarray(0, found ? at : unread.length - overlap(unread, delimiter))
    unread = unread.subarray(ready.length + (found ? delimiter.length : 0))
    return { ready, found }
  }

  return {
    /** Checks, before anything is read, whether there is nothing to read. */
    isEmpty: async () => !(await pull()),
    /**
     * Returns all bytes before a delimiter and passes over it.
     * @throws `general_argument_invalid` when the stream ends without one
     */
    async upTo(delimiter: Buffer, give: (bytes: Uint8Array) => Promise<void> | void) {
      for (;;) {
        const { ready, found } = take(delimiter)
        if (ready.length > 0) await give(ready)
        if (found) return
        if (!(await pull())) throw malformed('it ends too early.')
      }
    },
    /** Passes over ASCII text if it comes next. @returns whether it did */
    async accept(text: string): Promise<boolean> {
      while (unread.length < text.length) {
        if (!(await pull())) throw malformed('it ends too early.')
      }
      const start = unread.subarray(0, text.length)
      if (Buffer.from(start).toString('latin1') !== text) return false
      unread = unread.subarray(text.length)
      return true
    },
    /** Reads and drops what is left. */
    async drain() {
      for (let bytes = 0; bytes <= MAX_DRAINED_BYTES; ) {
        const block = await blocks.next()
        if (!block) return
        bytes += block.length
      }
      await blocks.cancel()
    },
  }
}

const indexOf = (bytes: Uint8Array, delimiter: Buffer) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(delimiter)

/** Counts the last bytes that may be the start of a delimiter. */
function overlap(bytes: Uint8Array, delimiter: Buffer): number {
  const longest = Math.min(bytes.length, delimiter.length - 1)
  for (let length = longest; length > 0; length--) {
    if (delimiter.subarray(0, length).equals(bytes.subarray(bytes.length - length))) return length
  }
  return 0
}
