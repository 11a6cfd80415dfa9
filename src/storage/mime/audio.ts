import { byteAt } from './bytes.ts'

const ID3_HEADER = 10

/** Returns where the sound behind an ID3 tag begins, or undefined where there is no tag (id3.org, 2.4 §3.1). */
export function behindId3(raw: string): number | undefined {
  if (!raw.startsWith('ID3') || raw.length <= 4 || byteAt(raw, 3) >= 10) return
  let size = 0
  for (let at = 6; at < ID3_HEADER; at += 1) size = size * 128 + (byteAt(raw, at) & 0x7f)
  const footer = byteAt(raw, 5) & 0x10 ? ID3_HEADER : 0
  return ID3_HEADER + size + footer
}

/** Returns the media type of sound behind its tag, which is an MP3's as a rule. */
export function sniffTagged(sound: string): string {
  if (sound.startsWith('fLaC')) return 'audio/flac'
  if (sound.startsWith('MAC ')) return 'audio/x-ape'
  if (sound.startsWith('wvpk')) return 'audio/x-wavpack'
  return sniffFrame(sound) ?? 'audio/mpeg'
}

/** Recognises MP3, AAC, AC-3 and E-AC-3 by the header of the first frame. */
export function sniffFrame(raw: string): string | null {
  const [first, second, third] = [byteAt(raw, 0), byteAt(raw, 1), byteAt(raw, 2)]
  if (raw.length < 4) return null
  if (first === 0x0b && second === 0x77) return dolby(byteAt(raw, 4), byteAt(raw, 5))
  if (first !== 0xff || second < 0xe0) return null
  if ((second & 0xf6) === 0xf0) return ((third >> 2) & 15) < 13 ? 'audio/x-hx-aac-adts' : null
  return isMpegFrame(second, third) ? 'audio/mpeg' : null
}

/** Distinguishes AC-3 from E-AC-3 by the version of the bit stream (ETSI TS 102 366 §4.3, §E.1.2). */
function dolby(rates: number, mode: number): string | null {
  const version = mode >> 3
  if (version > 10) return version <= 16 ? 'audio/eac3' : null
  const isRate = rates >> 6 !== 3 && (rates & 0x3f) < 38
  return isRate ? 'audio/vnd.dolby.dd-raw' : null
}

/** Whether these are the second and third byte of a frame header of layer II or III. */
function isMpegFrame(second: number, third: number): boolean {
  const version = (second >> 3) & 3
  const layer = (second >> 1) & 3
  const bitrate = third >> 4
  const rate = (third >> 2) & 3
  return version !== 1 && (layer === 1 || layer === 2) && bitrate > 0 && bitrate < 15 && rate !== 3
}
