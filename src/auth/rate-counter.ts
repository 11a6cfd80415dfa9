import { DurableObject } from 'cloudflare:workers'

declare module '#/config/env' {
  interface Bindings {
    /** Counts requests per rate-limit key; without it nothing is limited. */
    RATE_COUNTERS?: DurableObjectNamespace<RateCounter>
  }
}

type Window = { start: number; count: number }

/**
 * Counts the requests of one rate-limit key. One object per key: counting is atomic, windows are true ones,
 * and a flood of one caller never queues at the project's database.
 */
export class RateCounter extends DurableObject {
  /**
   * Counts one request.
   * @param start of the window, in epoch seconds; requests of another window start anew
   * @param seconds length of the window; all is forgotten when as much time has gone by
   * @returns how many came in this window, this one included
   */
  async hit(start: number, seconds: number): Promise<number> {
    const held = this.ctx.storage.kv.get<Window>('window')
    const count = held?.start === start ? held.count + 1 : 1
    this.ctx.storage.kv.put('window', { start, count } satisfies Window)
    // Alarms go by the platform's clock, whatever the request's says.
    if (count === 1) await this.ctx.storage.setAlarm(Date.now() + seconds * 1000)
    return count
  }

  /** Takes back one request counted in a window, if it still is the present one. @param start of the window */
  async undo(start: number): Promise<void> {
    const held = this.ctx.storage.kv.get<Window>('window')
    if (held?.start !== start || held.count < 1) return
    this.ctx.storage.kv.put('window', { start, count: held.count - 1 } satisfies Window)
  }

  /** Forgets all requests counted. */
  async reset(): Promise<void> {
    await this.ctx.storage.deleteAll()
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.deleteAll()
  }
}
