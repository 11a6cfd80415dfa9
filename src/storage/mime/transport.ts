import { byteAt } from './bytes.ts'
import { isBinary } from './magics.ts'

const SYNC = 0x47
const PACKET = 188
/** Packets compared; of a shorter file as many as it has. */
const PACKETS = 5

/** Recognises an MPEG transport stream, also one of a camera or disc, whose packets have a time before them. */
export function sniffTransport(raw: string): string | null {
  if (!isBinary(raw)) return null
  return isStream(raw, 0, PACKET) || isStream(raw, 4, PACKET + 4) ? 'video/MP2T' : null
}

function isStream(raw: string, first: number, distance: number): boolean {
  const count = Math.min(PACKETS, Math.floor((raw.length - first + distance - PACKET) / distance))
  if (count < 1) return false
  for (let packet = 0; packet < count; packet += 1) {
    const at = first + packet * distance
    // After the sync byte no packet of a whole stream says that it is damaged, or has no content.
    if (byteAt(raw, at) !== SYNC || byteAt(raw, at + 1) & 0x80) return false
    if ((byteAt(raw, at + 3) & 0x30) === 0) return false
  }
  // One or two packets alone might be anything: such a file starts with a table of programs.
  return count > 2 || (byteAt(raw, first + 1) === 0x40 && byteAt(raw, first + 2) === 0)
}
