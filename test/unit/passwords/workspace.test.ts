import { argon2i, argon2id } from '@noble/hashes/argon2.js'
import { scrypt } from '@noble/hashes/scrypt.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { expect, test, vi } from 'vitest'
import { inWorkspace } from '#/passwords/workspace'

const password = new Uint8Array(32).fill(1)
const salt = new Uint8Array(16).fill(2)
const options = {
  ...{ m: 32, t: 3, p: 4, dkLen: 32 },
  key: new Uint8Array(8).fill(3),
  personalization: new Uint8Array(12).fill(4),
}

test.each([
  ['Argon2i', argon2i, 'c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8'],
  ['Argon2id', argon2id, '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659'],
] as const)('derives the tag of %s in RFC 9106 §5', (_, derive, tag) =>
  expect(bytesToHex(inWorkspace(() => derive(password, salt, options)))).toBe(tag),
)

/** Runs a task and gives the large buffers that it made. */
function largeBuffersOf(task: () => unknown): ArrayBufferLike[] {
  const made: ArrayBufferLike[] = []
  const native = globalThis.Uint32Array
  vi.stubGlobal(
    'Uint32Array',
    new Proxy(native, {
      construct(target, args, newTarget) {
        const array: Uint32Array = Reflect.construct(target, args, newTarget)
        if (array.byteLength > 100_000) made.push(array.buffer)
        return array
      },
    }),
  )
  try {
    task()
  } finally {
    vi.unstubAllGlobals()
  }
  return made
}

test.each([
  ['Argon2', () => argon2id(password, salt, { m: 1024, t: 1, p: 1 }), 1024 * 1024],
  ['scrypt', () => scrypt(password, salt, { N: 1024, r: 8, p: 1 }), 1024 * 1024],
] as const)('gives the memory of %s back when the work is done', (_, derive, bytes) => {
  let held = 0
  const kept = largeBuffersOf(() => {
    held = Math.max(...largeBuffersOf(derive).map((buffer) => buffer.byteLength))
  })
  expect(held).toBe(bytes)
  expect(kept.length).toBeGreaterThan(0)
  const given = largeBuffersOf(() => inWorkspace(derive))
  expect(given.length).toBeGreaterThan(0)
  expect(given.map((buffer) => buffer.byteLength)).toEqual(given.map(() => 0))
})

test('leaves no trace when the work fails, and takes more', () => {
  const native = globalThis.Uint32Array
  let array = new Uint32Array()
  const fail = () =>
    inWorkspace(() => {
      array = new Uint32Array(100_000)
      throw new Error('out of luck')
    })
  expect(fail).toThrow('out of luck')
  expect(array.length).toBe(0)
  expect(globalThis.Uint32Array).toBe(native)
  expect(inWorkspace(() => new Uint32Array(1) instanceof Uint32Array)).toBe(true)
})

test('takes one piece of work at a time', () => {
  const nested = () => inWorkspace(() => inWorkspace(() => true))
  expect(nested).toThrow('in use')
  expect(inWorkspace(() => true)).toBe(true)
})
