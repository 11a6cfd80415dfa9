import { decodeField, make, type PartInfo } from 'multipasta'
import { ApiError } from '#/errors'

/** Takes the bytes of a form's file as they come. */
export type FormSink = {
  /** Announces the file, with the fields that came before it. */
  open(filename: string, fields: Map<string, string[]>): void
  /** Stores bytes; no more of the body is read until it is done. */
  write(bytes: Uint8Array): Promise<void>
}

/** What a form holds beside its file; names are as sent, `permissions[]` with its brackets. */
export type Form = { fields: Map<string, string[]> }

const MAX_PARTS = 1000
const MAX_FIELD_BYTES = 1024 * 1024
const FILE_PART = /^file(\[0?\])?$/

const malformed = (detail: string) =>
  new ApiError('general_argument_invalid', `The form is malformed: ${detail}`)

/**
 * Reads a multipart form whose one file may be of any size (RFC 7578). The file is the first part called
 * `file`, `file[]` or `file[0]` that has a file name; the bytes of other files are dropped.
 * @returns no fields at all when the body is not a multipart form
 * @throws `general_argument_invalid` for a malformed or truncated form; what the sink throws passes through
 */
export async function readForm(request: Request, sink: FormSink): Promise<Form> {
  const fields = new Map<string, string[]>()
  const contentType = request.headers.get('content-type') ?? ''
  if (!/^multipart\/form-data\b/i.test(contentType) || !request.body) return { fields }
  const parser = formParser(contentType, fields, sink)
  for await (const bytes of request.body as ReadableStream<Uint8Array>) {
    for (const part of parser.write(bytes)) await sink.write(part)
  }
  parser.end()
  return { fields }
}

/** Wraps the push parser: gives file bytes as a list, and turns its errors into exceptions. */
function formParser(contentType: string, fields: Map<string, string[]>, sink: FormSink) {
  let problem: Error | undefined
  let hasFile = false
  let fieldBytes = 0
  let pending: Uint8Array[] = []
  let tail = new Uint8Array(0)

  const onField = (info: PartInfo, value: Uint8Array) => {
    fieldBytes += value.length
    if (fieldBytes > MAX_FIELD_BYTES) problem ??= malformed('its fields are too large.')
    fields.set(info.name, [...(fields.get(info.name) ?? []), decodeField(info, value)])
  }
  const onFile = (info: PartInfo) => {
    if (hasFile || !FILE_PART.test(info.name)) return () => undefined
    hasFile = true
    sink.open(info.filename ?? '', fields)
    return (bytes: Uint8Array | null) => {
      if (bytes && bytes.length > 0) pending.push(bytes)
    }
  }
  const parser = make({
    headers: { 'content-type': contentType },
    // A part without a file name is a field, whatever type it claims.
    isFile: ({ filename }) => filename !== undefined,
    maxParts: MAX_PARTS,
    maxFieldSize: MAX_FIELD_BYTES,
    onField,
    onFile,
    onError: (error) => {
      problem ??= malformed(`${error._tag}.`)
    },
    onDone: () => undefined,
  })
  const run = (step: () => void) => {
    try {
      step()
    } catch (cause) {
      problem ??= new ApiError('general_argument_invalid', 'The form is malformed.', { cause })
    }
    if (problem) throw problem
  }
  return {
    write(bytes: Uint8Array) {
      const before = tail
      tail = new Uint8Array(Math.min(256, before.length + bytes.length))
      const fromBytes = bytes.subarray(-tail.length)
      tail.set(fromBytes, tail.length - fromBytes.length)
      if (fromBytes.length < tail.length) tail.set(before.subarray(fromBytes.length - tail.length))
      pending = []
      run(() => parser.write(bytes))
      return pending
    },
    end() {
      run(() => parser.end())
      const boundary = /boundary=(?:"([^"]*)"|([^;\s]*))/i.exec(contentType)
      const last = `--${boundary?.[1] ?? boundary?.[2] ?? ''}--`
      if (!new TextDecoder('latin1').decode(tail).includes(last))
        throw malformed('it ends too early.')
    },
  }
}
