import { base64nopad } from '@scure/base'

/** Prints bytes in standard base64 without padding, as PHC strings do. */
export const unpadded = (bytes: Uint8Array) => base64nopad.encode(bytes)

/** Rewrites base64url and padded base64 as unpadded standard base64 (RFC 4648 §5, §3.2). */
export const toStandard = (text: string) =>
  text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '')

/**
 * Reads standard base64 leniently: padding may lack, and what is left over of a last byte is dropped.
 * @param text letters of the alphabet and `=` only
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replace(/=+$/, '')
  const whole = digits.length % 4 === 1 ? digits.slice(0, -1) : digits
  return Uint8Array.from(atob(whole), (character) => character.charCodeAt(0))
}
