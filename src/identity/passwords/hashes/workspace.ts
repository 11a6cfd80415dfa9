const MIB = 1024 * 1024

/** Memory from which on a hash is computed alone among its like. */
const LARGE_HASH_BYTES = 16 * MIB

/** Memory that all hashes of an isolate may hold at once: the largest one, and two new passwords beside it. */
const MAX_TOTAL_BYTES = 80 * MIB

/** Buffers from this size on are given back at once; smaller ones are left to the garbage collector. */
const LARGE_BUFFER_BYTES = 64 * 1024

/** How long somebody waits for a place before looking again, in milliseconds. */
const WAIT_MS = 5

/** A holder that makes no progress while somebody looks this often is gone: its request was cancelled. */
const MAX_IDLE_LOOKS = 100

/** Room for one hash. `progress` grows while its request lives. */
type Place = { bytes: number; progress: number; lost: boolean; buffers: ArrayBufferLike[] }

const places = new Set<Place>()

/** Returns how many hashes hold memory, and how much, in bytes. */
export const workspaceUse = () => ({
  hashes: places.size,
  bytes: [...places].reduce((sum, { bytes }) => sum + bytes, 0),
})

const fits = (bytes: number) =>
  workspaceUse().bytes + bytes <= MAX_TOTAL_BYTES &&
  (bytes < LARGE_HASH_BYTES || ![...places].some((place) => place.bytes >= LARGE_HASH_BYTES))

/** Releases a place's memory. V8 would keep it until it collects the objects around it. */
function release(place: Place) {
  places.delete(place)
  for (const buffer of place.buffers.splice(0))
    if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}

/**
 * Waits until the isolate has room. A request cannot wait for a promise of another one in workerd, and a request
 * that is cancelled runs no more code, so whoever waits looks again and again, and takes the place of a holder
 * that makes no progress. Looks are counted; the clock decides nothing.
 */
async function takePlace(bytes: number): Promise<Place> {
  const idle = new Map<Place, { progress: number; looks: number }>()
  while (!fits(bytes)) {
    await new Promise<void>((resolve) => setTimeout(resolve, WAIT_MS))
    for (const place of places) {
      const seen = idle.get(place)
      const looks = seen?.progress === place.progress ? seen.looks + 1 : 0
      idle.set(place, { progress: place.progress, looks })
      if (looks < MAX_IDLE_LOOKS) continue
      place.lost = true
      release(place)
    }
  }
  const place = { bytes, progress: 0, lost: false, buffers: [] }
  places.add(place)
  return place
}

/**
 * Runs `start` and notes the large `Uint32Array`s that it makes before it first yields.
 *
 * The noble KDFs make a buffer of up to 64 MiB per call and drop it. V8 frees such a buffer only when it collects
 * the small object that holds it, and buffers alone do not make it collect: in workerd 19 checks of 64 MiB, one
 * after another, held 1.2 GiB, of the 128 MiB that an isolate may use. Noble takes no buffer of ours, so the
 * constructor is watched while its asynchronous functions set out, which they do without a yield.
 */
function noteBuffers<T>(buffers: ArrayBufferLike[], start: () => T): T {
  const native = globalThis.Uint32Array
  globalThis.Uint32Array = new Proxy(native, {
    construct(target, args, newTarget) {
      const array: Uint32Array = Reflect.construct(target, args, newTarget)
      if (array.byteLength >= LARGE_BUFFER_BYTES) buffers.push(array.buffer)
      return array
    },
  })
  try {
    return start()
  } finally {
    globalThis.Uint32Array = native
  }
}

/**
 * Runs a hash that needs memory: one of 16 MiB or more at a time, and 80 MiB in all. Its buffers are given back
 * when it ends, and by whoever waits when its request is gone.
 * @param bytes of memory that the hash holds
 * @param start sets out on the hash, which calls `onProgress` as it goes on, and keeps no array that it made
 * @throws Error where the place was taken away because the hash made no progress
 */
export async function inWorkspace<T extends Uint8Array>(
  bytes: number,
  start: (onProgress: () => void) => Promise<T>,
): Promise<T> {
  const place = await takePlace(bytes)
  const onProgress = () => {
    if (place.lost) throw new Error('A password hash lost its place: it made no progress.')
    place.progress++
  }
  try {
    const result = await noteBuffers(place.buffers, () => start(onProgress))
    onProgress() // a hash whose buffers were taken away is no result
    return result
  } finally {
    release(place)
  }
}
