import type { Context } from 'hono'
import { isSubscribable } from '#/events/patterns'
import type { AppEnv } from '#/http/context'
import type { Model, View } from '#/http/model'

declare module '#/http/context' {
  interface Variables {
    /** What happened that webhooks may wait for; see {@link announce}. */
    happenings: readonly Happening[] | undefined
    /** What the route's event tells where that is not the answer; see {@link tell}. */
    told: Told | undefined
  }
}

type Ctx = Context<AppEnv>

/** Something that happened, as webhooks are to be told. */
export type Happening = {
  /** Name template (docs/contract/project.md §14.1). */
  template: string
  /** IDs for its placeholders; the payload has the others. */
  ids: Readonly<Record<string, string>>
  /** Returns what is told, once it is known that somebody listens. */
  payload: (view: View) => unknown | Promise<unknown>
}

/** What a handler says of its route's event where that is not its answer. */
export type Told = Partial<Pick<Happening, 'ids' | 'payload'>>

/** The event of every new user's row, whatever route stored it. */
export const NEW_USER = 'users.[userId].create'

/** Notes that something happened; webhooks are told after the answer, whether the request succeeds or not. */
export function announce(c: Ctx, happening: Happening) {
  c.set('happenings', [...(c.var.happenings ?? []), happening])
}

/** Forgets that there is a new user: its row was taken back. */
export function takeBackUser(c: Ctx, userId: string) {
  const stays = ({ template, ids }: Happening) => template !== NEW_USER || ids.userId !== userId
  c.set('happenings', c.var.happenings?.filter(stays))
}

/**
 * Sets what the event of the route tells where it is not the answer: what was deleted, as it was. Without it, a
 * route that answers with no model tells nothing.
 */
export function tell(c: Ctx, told: Told) {
  c.set('told', told)
}

/** What answers show once and events never do, by model (docs/contract/project.md §14.5). */
const BLANKS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  mfaType: { secret: '', uri: '' },
  mfaRecoveryCodes: { recoveryCodes: [] },
}

/** Notes the events of a route that has succeeded. New users announce themselves with their row. */
export function announceRoute<Row>(
  c: Ctx,
  spec: { event?: string | readonly string[]; model?: Model<Row> },
  params: Readonly<Record<string, unknown>> | undefined,
  row: Row | undefined,
) {
  const { model } = spec
  const told = c.var.told
  const answered =
    model && row !== undefined
      ? (view: View) => ({ ...model.wire(row, view), ...BLANKS[model.name] })
      : undefined
  const payload = told?.payload ?? answered
  if (!payload) return
  const ids = { ...(params as Record<string, string> | undefined), ...told?.ids } // of a path: all texts
  for (const template of [spec.event ?? []].flat()) {
    if (template !== NEW_USER && isSubscribable(template)) announce(c, { template, ids, payload })
  }
}
