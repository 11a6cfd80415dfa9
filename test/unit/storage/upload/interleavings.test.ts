import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { File } from '#/db/schema'
import { ApiError } from '#/errors'
import { mayContinue, type Starter } from '#/storage/upload/machine'
import { receiveFile, receiveSlice } from '#/storage/upload/receive'
import { CHUNK_BYTES } from '#/storage/upload/slicer'
import type { Outcome } from '#/storage/upload/steps'
import { Killed, rangeOf, type Scheduler, Simulated, scheduler, seeded } from './simulated.ts'

const NOW = new Date('2026-11-24T12:00:00.000Z')

type Plan = {
  client: string
  caller: Starter
  /** What each chunk holds. */
  chunks: string[]
  whole?: boolean
  /** The caller may not read the file, and a retry of a finished one is refused. */
  isBlind?: boolean
}

/** One run: everything that happens to one file ID. */
class Run {
  readonly world = new Simulated()
  readonly random: () => number
  readonly schedule: Scheduler
  readonly outcomes: { plan: Plan; index: number; outcome?: Outcome; error?: unknown }[] = []
  readonly permissionsOf = new Map<number, string>()

  constructor(seed: number, killRate: number) {
    this.random = seeded(seed)
    this.schedule = scheduler(this.random, killRate)
  }

  private draft = ({
    client,
    caller,
    chunks,
  }: Plan): Omit<File, 'sequence' | 'blobId' | 'uploadId'> => ({
    bucketSequence: 1,
    bucketId: 'b',
    id: 'f',
    permissions: [client],
    name: client,
    uploadName: client,
    folder: '',
    signature: '',
    mimeType: '',
    charset: null,
    sizeOriginal: chunks.length * CHUNK_BYTES,
    sizeActual: 0,
    chunksTotal: chunks.length,
    chunksUploaded: 0,
    encryption: false,
    compression: '',
    starter: caller,
    received: 0,
    firstReceived: 0,
    createdAt: NOW,
    updatedAt: NOW,
  })

  /** Begins a request for one chunk, by reading what there is. @returns the rest of it */
  async begin(plan: Plan, index: number): Promise<() => Promise<Outcome>> {
    const { caller, chunks } = plan
    const content = chunks[index] ?? ''
    this.world.digests.set(content, createHash('sha256').update(content).digest('hex'))
    const store = this.world.store(this.schedule, () => this.draft(plan))
    const range = rangeOf(index)
    const seen = await store.see(range)
    const total = chunks.length * CHUNK_BYTES
    const bytes = Uint8Array.from(new TextEncoder().encode(content))
    const upload = { store, caller, mayRead: () => !plan.isBlind, total, seen }
    return () => receiveSlice(upload, { ...range, bytes })
  }

  /** Sends one chunk once. */
  private attempt = async (plan: Plan, index: number) => (await this.begin(plan, index))()

  private async whole(plan: Plan): Promise<Outcome> {
    const store = this.world.store(this.schedule, () => this.draft(plan))
    const blobId = `whole-${plan.client}-${this.outcomes.length}-${this.random()}`
    this.world.objects.set(blobId, plan.chunks)
    const row = { ...this.draft(plan), starter: null, blobId, uploadId: null }
    try {
      const outcome = await receiveFile(
        { store, caller: plan.caller, seen: { file: undefined } },
        row,
      )
      return outcome
    } catch (error) {
      if (error instanceof ApiError) this.world.objects.delete(blobId)
      throw error
    }
  }

  /** Sends a chunk until there is an answer: a crash is no answer, and an answer can be lost. */
  private async insist(plan: Plan, index: number): Promise<boolean> {
    for (let tries = 0; tries < 20; tries++) {
      try {
        const outcome = await this.schedule.start(() =>
          plan.whole ? this.whole(plan) : this.attempt(plan, index),
        )
        this.outcomes.push({ plan, index, outcome })
        if (this.random() < 0.9) return true
      } catch (error) {
        if (error instanceof Killed) continue
        this.outcomes.push({ plan, index, error })
        return false
      }
    }
    return false
  }

  /** Sends a file as SDKs do: the first chunk alone, then the others at once. @returns whether all were taken */
  async upload(plan: Plan, stopAfter = plan.chunks.length): Promise<boolean> {
    if (!(await this.insist(plan, 0))) return false
    const rest = plan.chunks.map((_, index) => index).slice(1, stopAfter)
    for (let at = rest.length - 1; at > 0; at--) {
      const other = Math.floor(this.random() * (at + 1))
      ;[rest[at], rest[other]] = [rest[other] ?? 0, rest[at] ?? 0]
    }
    const taken = await Promise.all(rest.map((index) => this.insist(plan, index)))
    return taken.every(Boolean)
  }

  /** Runs until everybody is done. */
  async until<T>(work: Promise<T>): Promise<T> {
    let done = false
    const result = work.finally(() => {
      done = true
    })
    result.catch(() => undefined)
    while (!done) {
      await this.schedule.drain()
      await new Promise(setImmediate)
    }
    return result
  }

  /** Returns what is stored under the ID, once it is finished. */
  content = () =>
    this.world.row?.uploadId === null ? this.world.objects.get(this.world.row.blobId) : undefined

  /** Checks what holds after every run. */
  check() {
    const { world, outcomes } = this
    expect(new Set(world.finished).size, 'finished once').toBe(world.finished.length)
    for (const { error } of outcomes) {
      if (error !== undefined) expect(error).toBeInstanceOf(ApiError)
    }
    world.sweep()
    if (world.row?.uploadId === null) expect(this.content(), 'the bytes are there').toBeDefined()
    if (this.schedule.kills() === 0) {
      const live = world.row ? [world.row.blobId] : []
      expect([...world.objects.keys()].filter((blobId) => !live.includes(blobId))).toEqual([])
      const open = [...world.uploads.values()].filter((upload) => upload.open)
      expect(open.map(({ blobId }) => blobId)).toEqual(world.row?.uploadId ? live : [])
    }
  }
}

const file = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${name}${index}`)
const errorsOf = (run: Run, client: string) =>
  run.outcomes
    .filter(({ plan, error }) => plan.client === client && error instanceof ApiError)
    .map(({ error }) => (error instanceof ApiError ? error.type : ''))

const SEEDS = 2000
let walked = 0

/** Walks so many interleavings of a scenario, each from its seed. */
function walk(
  name: string,
  killRate: number,
  scenario: (run: Run) => Promise<void>,
  seeds = SEEDS,
) {
  test(`${name}, ${seeds} interleavings`, async () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const run = new Run(seed * 7919, killRate)
      try {
        await scenario(run)
        run.check()
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
      walked++
    }
  }, 60_000)
}

describe('whatever the order', () => {
  walk('one file from one client', 0, async (run) => {
    const chunks = file('A', 1 + Math.floor(run.random() * 5))
    const taken = await run.until(run.upload({ client: 'a', caller: 'key', chunks }))
    expect(taken).toBe(true)
    expect(run.content()).toEqual(chunks)
  })

  walk('one file from two clients of one owner', 0, async (run) => {
    const chunks = file('A', 1 + Math.floor(run.random() * 4))
    const plans: Plan[] = [
      { client: 'a', caller: 'user:1', chunks },
      { client: 'b', caller: 'user:1', chunks, isBlind: true },
    ]
    await run.until(Promise.all(plans.map((plan) => run.upload(plan))))
    expect(run.content()).toEqual(chunks)
    expect(errorsOf(run, 'a')).toEqual([])
    for (const type of errorsOf(run, 'b')) expect(type).toBe('storage_file_already_exists')
  })

  walk('one file whose requests die', 0.03, async (run) => {
    const chunks = file('A', 1 + Math.floor(run.random() * 4))
    const plan: Plan = { client: 'a', caller: 'key', chunks }
    const taken = await run.until(run.upload(plan))
    expect(taken).toBe(true)
    expect(run.content()).toEqual(chunks)
  })

  walk('two files of strangers', 0.01, async (run) => {
    const plans: Plan[] = [
      { client: 'a', caller: 'user:1', chunks: file('A', 3) },
      { client: 'b', caller: 'user:2', chunks: file('B', 3) },
      { client: 'c', caller: 'guest', chunks: file('C', 2) },
    ]
    await run.until(Promise.all(plans.map((plan) => run.upload(plan))))
    const contents = run.world.row?.uploadId
      ? run.world.row.parts.map(
          ({ digest }) => `${[...run.world.digests].find(([, d]) => d === digest)?.[0]}`,
        )
      : (run.content() ?? [])
    expect(new Set(contents.map((content) => content[0])).size).toBe(1)
    const [owner] = plans.filter(({ chunks }) => chunks.includes(contents[0] ?? ''))
    expect(run.world.row?.permissions).toEqual([owner?.client])
  })

  walk('a key that joins a user', 0, async (run) => {
    const chunks = file('A', 4)
    await run.until(run.upload({ client: 'user', caller: 'user:1', chunks }, 2))
    await run.until(run.upload({ client: 'key', caller: 'key', chunks }))
    expect(run.content()).toEqual(chunks)
    expect(run.world.row?.permissions).toEqual(['user'])
  })

  walk('another file after one that broke off', 0, async (run) => {
    const count = 2 + Math.floor(run.random() * 4)
    const stop = 1 + Math.floor(run.random() * (count - 1))
    const chunks = file('B', count)
    await run.until(run.upload({ client: 'a', caller: 'key', chunks: file('A', count) }, stop))
    const taken = await run.until(run.upload({ client: 'b', caller: 'key', chunks }))
    expect(taken).toBe(true)
    expect(run.content()).toEqual(chunks)
    expect(run.world.row?.permissions).toEqual(['b'])
  })

  walk('a file of another size at the same time', 0.005, async (run) => {
    const plans: Plan[] = [
      { client: 'a', caller: 'key', chunks: file('A', 3) },
      { client: 'b', caller: 'key', chunks: file('B', 2) },
    ]
    await run.until(Promise.all(plans.map((plan) => run.upload(plan))))
    const content = run.content()
    if (content) expect(plans.map(({ chunks }) => chunks)).toContainEqual(content)
  })

  walk('a request that began before another file of its size did', 0, async (run) => {
    const count = 2 + Math.floor(run.random() * 2)
    const old: Plan = { client: 'a', caller: 'key', chunks: file('A', count) }
    const anew: Plan = { client: 'b', caller: 'key', chunks: file('B', count) }
    await run.until(run.upload(old, 1))
    const late = await run.until(
      run.schedule.start(() =>
        Promise.all(old.chunks.slice(1).map((_, index) => run.begin(old, index + 1))),
      ),
    )
    const rest = late.map((send) =>
      run.schedule.start(send).catch((error: unknown) => expect(error).toBeInstanceOf(ApiError)),
    )
    await run.until(Promise.all([run.upload(anew), ...rest]))
    expect([old.chunks, anew.chunks]).toContainEqual(run.content())
  })

  walk('a whole file amid chunks', 0.005, async (run) => {
    const chunked: Plan = { client: 'a', caller: 'key', chunks: file('A', 3) }
    const whole: Plan = { client: 'w', caller: 'key', chunks: ['W'], whole: true }
    const [, taken] = await run.until(Promise.all([run.upload(chunked), run.upload(whole)]))
    const content = run.content()
    if (content) expect([chunked.chunks, whole.chunks]).toContainEqual(content)
    if (taken) expect(content).toEqual(whole.chunks)
  })

  walk('deletes and sweeps amid chunks', 0.005, async (run) => {
    const plan: Plan = { client: 'a', caller: 'key', chunks: file('A', 3) }
    const disturb = async () => {
      for (let count = 0; count < 3; count++) {
        await run.schedule.start(async () => {
          await run.schedule
            .step(() => (run.random() < 0.5 ? run.world.remove() : run.world.sweep()))
            .catch(() => undefined)
        })
      }
    }
    await run.until(Promise.all([run.upload(plan), disturb()]))
    const content = run.content()
    if (content) expect(content).toEqual(plan.chunks)
  })

  test('was walked as often as was said', () => {
    console.info(`${walked} interleavings of uploads walked`)
    expect(walked).toBe(10 * SEEDS)
  })
})

test('only who may go on with an upload does', () => {
  const callers: Starter[] = ['user:1', 'user:2', 'key', 'guest']
  const table = callers.map((starter) => callers.map((caller) => mayContinue(starter, caller)))
  expect(table).toEqual([
    [true, false, true, false],
    [false, true, true, false],
    [false, false, true, false],
    [false, false, false, true],
  ])
  expect(callers.map((caller) => mayContinue(null, caller))).toEqual([false, false, true, false])
})
