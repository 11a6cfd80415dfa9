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
 * Gives a Content-Disposition that names the file for every client: an ASCII name, and for others the
 * whole one beside it (RFC 6266 §4.3, RFC 8187). Differs: upstream puts the name in as it is.
 */
export function contentDisposition(type: 'inline' | 'attachment', name: string): string {
  const wellFormed = name.toWellFormed()
  const ascii = wellFormed.replace(UNSAFE, '_')
  const plain = `${type}; filename="${ascii}"`
  return ascii === wellFormed ? plain : `${plain}; filename*=UTF-8''${encode(wellFormed)}`
}

const encode = (name: string) =>
  encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
