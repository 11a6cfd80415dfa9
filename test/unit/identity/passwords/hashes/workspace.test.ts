import { argon2iAsync, argon2idAsync } from '@noble/hashes/argon2.js'
import { scryptAsync } from '@noble/hashes/scrypt.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { expect, test, vi } from 'vitest'
import { inWorkspace, workspaceUse } from '#/identity/passwords/hashes/workspace'

const password = new Uint8Array(32).fill(1)
const salt = new Uint8Array(16).fill(2)
const options = {
  ...{ m: 32, t: 3, p: 4, dkLen: 32 },
  key: new Uint8Array(8).fill(3),
  personalization: new Uint8Array(12).fill(4),
}

test.each([
  ['Argon2i', argon2iAsync, 'c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8'],
  ['Argon2id', argon2idAsync, '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659'],
] as const)('derives the tag of %s in RFC 9106 §5', async (_, derive, tag) =>
  expect(bytesToHex(await inWorkspace(1024, () => derive(password, salt, options)))).toBe(tag),
)

const MIB = 1024 * 1024

test('gives large buffers back when the work is done, and when it fails', async () => {
  const native = globalThis.Uint32Array
  const made: Uint32Array[] = []
  const make = () => {
    const array = new Uint32Array(100_000)
    made.push(array)
    return array
  }
  const bytes = await inWorkspace(MIB, async () => new Uint8Array([make().length & 255]))
  expect([...bytes]).toEqual([100_000 & 255])
  await expect(
    inWorkspace(MIB, async () => {
      make()
      throw new Error('out of luck')
    }),
  ).rejects.toThrow('out of luck')
  expect(made.map(({ length }) => length)).toEqual([0, 0])
  expect(globalThis.Uint32Array).toBe(native)
  expect(workspaceUse()).toEqual({ hashes: 0, bytes: 0 })
})

test.each([
  ['Argon2', () => argon2idAsync(password, salt, { m: 1024, t: 1, p: 1, asyncTick: 0 })],
  ['scrypt', () => scryptAsync(password, salt, { N: 1024, r: 8, p: 1, asyncTick: 0 })],
])('watches no more than the start of %s', async (_, derive) => {
  const native = globalThis.Uint32Array
  const running = inWorkspace(MIB, derive)
  await Promise.resolve()
  expect(globalThis.Uint32Array).toBe(native)
  expect((await running).length).toBe(32)
})

/** Sets out on a hash that ends when it is told to. */
function held(bytes: number) {
  let end = () => {}
  const started = vi.fn()
  const done = inWorkspace(bytes, (onProgress) => {
    started()
    const beat = setInterval(onProgress, 1)
    return new Promise<Uint8Array>((resolve) => {
      end = () => {
        clearInterval(beat)
        resolve(new Uint8Array(1))
      }
    })
  })
  return { started, done, end: () => end() }
}
const turns = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 5))

test('computes one hash of 16 MiB or more at a time, with smaller ones beside it', async () => {
  const first = held(64.25 * MIB)
  const second = held(16 * MIB)
  const small = held(7 * MIB)
  const another = held(7 * MIB)
  const third = held(7 * MIB)
  await turns(10)
  expect(
    [first, second, small, another, third].map((one) => one.started.mock.calls.length),
  ).toEqual([1, 0, 1, 1, 0])
  expect(workspaceUse()).toEqual({ hashes: 3, bytes: 78.25 * MIB })
  first.end()
  await first.done
  await turns(10)
  expect(second.started).toHaveBeenCalledOnce()
  expect(third.started).toHaveBeenCalledOnce()
  for (const one of [second, small, another, third]) {
    one.end()
    await one.done
  }
  expect(workspaceUse().hashes).toBe(0)
})

test('takes the place of a hash whose request is gone, and lets none of its results count', async () => {
  let buffer = new Uint32Array()
  let wake = (_: Uint8Array) => {}
  const gone = inWorkspace(64 * MIB, () => {
    buffer = new Uint32Array(100_000)
    return new Promise<Uint8Array>((resolve) => {
      wake = resolve
    })
  })
  const refused = expect(gone).rejects.toThrow('lost its place')
  const next = held(64 * MIB)
  await turns(20)
  expect(next.started).not.toHaveBeenCalled()
  await vi.waitFor(() => expect(next.started).toHaveBeenCalledOnce(), { timeout: 20_000 })
  expect(buffer.length).toBe(0)
  next.end()
  await next.done
  wake(new Uint8Array(1))
  await refused
})
