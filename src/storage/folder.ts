import { ApiError } from '#/errors'

const MAX_BYTES = 2048

const invalid = (detail: string) =>
  new ApiError('general_argument_invalid', `Invalid \`folder\` param: ${detail}`)

/**
 * Checks a virtual folder and gives its stored form: '' or a path with a slash at its end
 * (docs/contract/storage.md §6.2).
 * @throws `general_argument_invalid`
 */
export function parseFolder(value: string): string {
  if (value === '') return ''
  const folder = value.endsWith('/') ? value : `${value}/`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\x00-\x1f\x7f]/.test(folder)) throw invalid('it has control characters.')
  if (new TextEncoder().encode(folder).length > MAX_BYTES)
    throw invalid(`it has over ${MAX_BYTES} bytes.`)
  const segments = folder.slice(0, -1).split('/')
  if (segments.some((segment) => ['', '.', '..'].includes(segment))) {
    throw invalid('it has an empty segment, "." or "..".')
  }
  return folder
}
