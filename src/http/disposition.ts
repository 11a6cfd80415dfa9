import { ApiError } from '#/errors'

/** What a part of a form is called, and the name of its file if it is one. */
export type Disposition = { name: string; filename: string | undefined }

const malformed = () =>
  new ApiError(
    'general_argument_invalid',
    'The form is malformed: a part has a bad Content-Disposition.',
  )

/**
 * One parameter. In a quoted one a backslash escapes a quote, unless no other quote would close it: what
 * Windows calls a folder ends in one. No text matches in two ways, so that matching takes linear time.
 */
const PARAMETER =
  /;[ \t]*([!#$%&'*+.^_`|~\w-]+)=(?:"(?:((?:\\["\\]|\\(?!["\\])|[^"\\])*)|([^"]*))"|([^\s;"]*))[ \t]*/sy

/**
 * Reads the Content-Disposition of a form's part (RFC 7578 §4.2). Names are UTF-8 as they stand; only
 * `\"` and `\\` are escapes, since browsers send any other backslash as itself.
 * @throws `general_argument_invalid` for one that is malformed or has no name
 */
export function parseDisposition(header: string): Disposition {
  const [type = ''] = /^[^;]*/.exec(header) ?? []
  const parameters = new Map<string, string>()
  let at = type.length
  while (at < header.length) {
    PARAMETER.lastIndex = at
    const [all, key, quoted, literal, plain = ''] = PARAMETER.exec(header) ?? []
    if (all === undefined || key === undefined) throw malformed()
    parameters.set(key.toLowerCase(), quoted?.replace(/\\(["\\])/g, '$1') ?? literal ?? plain)
    at += all.length
  }
  const name = parameters.get('name')
  if (type.trim().toLowerCase() !== 'form-data' || name === undefined) throw malformed()
  return { name, filename: extended(parameters.get('filename*')) ?? parameters.get('filename') }
}

/** Decodes an extended value (RFC 8187 §3.2), which some clients write instead of UTF-8. */
function extended(value: string | undefined): string | undefined {
  const [, encoded] = /^utf-8'[^']*'(.*)$/is.exec(value ?? '') ?? []
  if (encoded === undefined) return
  try {
    return decodeURIComponent(encoded)
  } catch {
    throw malformed()
  }
}

/** What may not stand in a quoted file name: control bytes, quotes, backslashes, all beyond ASCII. */
const UNSAFE = /[^\x20-\x7e]|["\\]/g

/**
 * Bounds a file name in a header, in bytes of its percent-encoded form: 128 characters of any script, which is
 * all that an update allows. HTTP clients refuse answers whose headers have more than 8 to 16 KiB in all, proxies
 * more than 4; a name of 2,048 characters would take 24.
 */
const MAX_ENCODED_BYTES = 1536
/** Bounds the ASCII name, which stands beside the whole one; file systems take no longer one. */
const MAX_ASCII_BYTES = 255
/** A longer ending is no extension but a part of the name. */
const MAX_EXTENSION_BYTES = 96

/**
 * Returns a Content-Disposition that names the file for every client: an ASCII name, and for others the
 * whole one beside it (RFC 6266 §4.3, RFC 8187). Differs: upstream puts the name in as it is. A name that is too
 * long for a header loses its middle and keeps its extension.
 */
export function contentDisposition(type: 'inline' | 'attachment', name: string): string {
  const wellFormed = shorten(name.toWellFormed(), MAX_ENCODED_BYTES, (text) => encode(text).length)
  const ascii = wellFormed.replace(UNSAFE, '_')
  if (ascii === wellFormed) return `${type}; filename="${ascii}"`
  const plain = shorten(ascii, MAX_ASCII_BYTES, (text) => text.length)
  return `${type}; filename="${plain}"; filename*=UTF-8''${encode(wellFormed)}`
}

/** Cuts a name before its extension, between characters, so that it has at most this many bytes. */
function shorten(name: string, maxBytes: number, sizeOf: (text: string) => number): string {
  if (sizeOf(name) <= maxBytes) return name
  const dot = name.search(/(?:\.tar)?\.[^.]*$/i)
  const isExtension = dot > 0 && sizeOf(name.slice(dot)) <= MAX_EXTENSION_BYTES
  const extension = isExtension ? name.slice(dot) : ''
  let left = maxBytes - sizeOf(extension)
  let kept = ''
  for (const character of isExtension ? name.slice(0, dot) : name) {
    left -= sizeOf(character)
    if (left < 0) break
    kept += character
  }
  return kept + extension
}

const encode = (name: string) =>
  encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
