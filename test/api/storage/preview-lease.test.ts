import { describe, expect, test } from 'vitest'
import { variants } from '#/db/schema'
import { type Lease, release, renewWhile } from '#/storage/preview/lease'
import { NOW, world } from '#test/support/world'

const UNTIL = NOW.getTime() + 30_000
const SECONDS = 1000

/** Prepares a lease, and a clock that goes on when it is told. */
async function scene() {
  const { db } = await world()
  const lease: Lease = { key: 'variants/x/y', until: UNTIL }
  await db.delete(variants)
  await db
    .insert(variants)
    .values({ key: lease.key, bucketSequence: 1, leaseUntil: new Date(UNTIL), createdAt: NOW })
  const waits: { ms: number; end: () => void; signal: AbortSignal }[] = []
  const pause = (ms: number, { signal }: { signal: AbortSignal }) =>
    new Promise<void>((end) => waits.push({ ms, end, signal }))
  const wait = async (index: number) => {
    while (!waits[index]) await scheduler.wait(0)
    return waits[index]
  }
  const until = async () => {
    const [row] = await db.select().from(variants)
    return row && (row.leaseUntil.getTime() - UNTIL) / SECONDS
  }
  return { db, lease, pause, wait, waits, until }
}

describe('a lease', () => {
  test('is renewed for as long as work goes on, and no longer', async () => {
    const { db, lease, pause, wait, waits, until } = await scene()
    const work = Promise.withResolvers<string>()
    const outcome = renewWhile(db, lease, work.promise, pause)
    for (const round of [0, 1, 2]) {
      const { ms, end } = await wait(round)
      expect([ms, await until()]).toEqual([10 * SECONDS, round * 10])
      end()
    }
    const { signal } = await wait(3)
    work.resolve('done')
    expect(await outcome).toBe('done')
    expect([signal.aborted, waits.length, await until()]).toEqual([true, 4, 30])
  })
  test('passes a failure on', async () => {
    const { db, lease, pause } = await scene()
    const work = Promise.reject(new Error('broken'))
    await expect(renewWhile(db, lease, work, pause)).rejects.toThrow('broken')
  })
  test('ends when work does not, with a failure that is not remembered', async () => {
    const { db, lease, pause, wait, until } = await scene()
    const outcome = renewWhile(db, lease, new Promise(() => undefined), pause)
    const failed = expect(outcome).rejects.toMatchObject({ type: 'general_server_error' })
    for (let round = 0; round < 9; round++) (await wait(round)).end()
    await failed
    expect(await until()).toBe(90)
  })
  test('that another request took over is neither renewed nor given back', async () => {
    const { db, lease, pause, wait, until } = await scene()
    await db.update(variants).set({ leaseUntil: new Date(UNTIL + 5 * SECONDS) })
    const work = Promise.withResolvers<string>()
    const outcome = renewWhile(db, lease, work.promise, pause)
    ;(await wait(0)).end()
    await wait(1)
    work.resolve('done')
    await outcome
    await release(db, lease)
    expect(await until()).toBe(5)
  })
  test('is given back by its holder', async () => {
    const { db, lease, until } = await scene()
    await release(db, lease)
    expect(await until()).toBeUndefined()
  })
})
