/** Buffers from this size on are given back at once; smaller ones are left to the garbage collector. */
const LARGE_BYTES = 64 * 1024

let busy = false

/**
 * Does heavy work alone, and gives the memory of its large `Uint32Array`s back as soon as it ends.
 *
 * The noble KDFs make a buffer of 7 to 64 MiB per call and drop it. V8 frees such a buffer only when it
 * collects the small object that holds it, and buffers alone do not make it collect: in workerd, 19
 * checks of 64 MiB, one after another, held 1.2 GiB, of the 128 MiB that an isolate may use. So the buffers
 * are noted where they are made and detached here, which frees them.
 *
 * Work is synchronous, hence never interleaved with other work of the isolate: at most one such buffer
 * exists. A lock that requests wait for would be worse: a request that is cancelled while it holds the lock
 * would leave the others waiting.
 *
 * @param work must not keep an array that it made
 */
export function inWorkspace<T extends boolean | Uint8Array>(work: () => T): T {
  if (busy) throw new Error('A workspace is in use.')
  const native = globalThis.Uint32Array
  const large: ArrayBufferLike[] = []
  busy = true
  globalThis.Uint32Array = new Proxy(native, {
    construct(target, args, newTarget) {
      const array: Uint32Array = Reflect.construct(target, args, newTarget)
      if (array.byteLength >= LARGE_BYTES) large.push(array.buffer)
      return array
    },
  })
  try {
    return work()
  } finally {
    globalThis.Uint32Array = native
    busy = false
    for (const buffer of large) if (buffer instanceof ArrayBuffer) buffer.transfer(0)
  }
}
