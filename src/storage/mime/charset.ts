import { latin1 } from './bytes.ts'
import { sniffText } from './text.ts'

export type Charset = 'UTF-8' | 'UTF-16'

/** No more of a text than this decides whether it is one. */
const HEAD_BYTES = 64 * 1024

/** Returns the charset that a text's beginning tells, or null for what is no text. */
export function guessCharset(head: Uint8Array): Charset | null {
  const bytes = head.subarray(0, HEAD_BYTES)
  const raw = latin1(bytes)
  if (raw === '' || sniffText(bytes, raw, true) === null) return null
  return /^(?:\xff\xfe|\xfe\xff)/.test(raw) ? 'UTF-16' : 'UTF-8'
}

/** Reads a text to its end, to tell how it is encoded. */
export type CharsetReader = {
  /** Reads on. @returns false when nothing that follows can change the answer */
  write(bytes: Uint8Array): boolean
  /** Ends the text. @returns its charset; null for other encodings and for what is no text */
  end(): Charset | null
}

/**
 * Starts to read a text from its beginning. UTF-8 is what decodes as such to the last byte: text of an old 8-bit
 * encoding may well be ASCII at first, and a charset that is wrong is worse than none. UTF-16 tells itself by its
 * mark (RFC 2781 §3.2), and no text of another encoding begins so.
 */
export function readCharset(): CharsetReader {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })
  let charset: Charset | null | undefined
  const decode = (bytes?: Uint8Array) => {
    try {
      decoder.decode(bytes, { stream: bytes !== undefined })
    } catch {
      charset = null
    }
  }
  return {
    write(bytes) {
      if (charset === undefined) charset = guessCharset(bytes)
      if (charset === 'UTF-8') decode(bytes)
      return charset === 'UTF-8'
    },
    end() {
      if (charset === 'UTF-8') decode()
      return charset ?? null
    },
  }
}
