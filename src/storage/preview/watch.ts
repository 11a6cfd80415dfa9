import type { ApiError } from '#/errors'
import { scanCounter } from '#/storage/preview/headers/jpeg'
import { pngCheck } from '#/storage/preview/headers/png-check'
import { areaOf, MAX_SCANNED_PIXELS, MAX_SCANS, tooLarge } from './limits.ts'
import type { Probe } from './probe.ts'

/** Observes the bytes of a still picture on their way to a decoder. */
export type Watch = {
  /** Takes the next bytes. @throws `storage_image_resolution_exceeded` for a JPEG of too many scans */
  take(bytes: Uint8Array): void
  /** Takes note that the source has no more bytes. */
  end(): void
  /** Takes note of why bytes are not passed on. */
  blame(fault: ApiError): void
  /** Returns why bytes were not passed on; undefined as long as they were. */
  fault(): ApiError | undefined
  /** Checks whether all that its format demands has passed. */
  isWhole(): boolean
  /** Checks whether the source was read to its end and is none that its format allows. */
  isBroken(): boolean
}

/** Checks whether bytes are all that their format demands; true where it demands nothing. */
type Check = { take(bytes: Uint8Array): void; isWhole(): boolean }

/** Returns what to look for in a picture of this kind. */
export function watchFor(header: Probe): Watch {
  const check = checkFor(header)
  let fault: ApiError | undefined
  let ended = false
  return {
    take: check.take,
    end() {
      ended = true
    },
    blame(error) {
      fault = error
    },
    fault: () => fault,
    isWhole: () => check.isWhole(),
    isBroken: () => ended && !check.isWhole(),
  }
}

function checkFor(header: Probe): Check {
  switch (header.format) {
    case 'jpeg':
      return scanCheck(header)
    case 'png':
      return pngCheck()
    case 'webp':
      return lengthCheck()
    case 'gif':
    case 'heic':
      return { take: () => undefined, isWhole: () => true }
  }
}

function scanCheck(header: Probe): Check {
  const scans = scanCounter()
  const most = Math.min(MAX_SCANS, Math.floor(MAX_SCANNED_PIXELS / areaOf(header)))
  return {
    take(bytes) {
      if (scans.count(bytes) > most) throw tooLarge('The JPEG has too many scans.')
    },
    isWhole: scans.hasEnded,
  }
}

const RIFF_HEADER_BYTES = 8

/** Compares the length of a RIFF container with the one that it gives. */
function lengthCheck(): Check {
  let length = 0
  let declared = 0
  return {
    take(bytes) {
      // A piece is never shorter than the header that was read from it.
      if (length === 0) declared = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true)
      length += bytes.length
    },
    isWhole: () => length >= declared + RIFF_HEADER_BYTES,
  }
}
