/** What may not stand in a quoted file name: control bytes, quotes, backslashes, all beyond ASCII. */
const UNSAFE = /[^\x20-\x7e]|["\\]/g

/**
 * Gives a Content-Disposition that names the file for every client: an ASCII name, and for others the
 * whole one beside it (RFC 6266 §4.3, RFC 8187).
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
