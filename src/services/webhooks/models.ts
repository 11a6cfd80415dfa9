import { z } from 'zod'
import type { Webhook } from '#/db/schema'
import { listModel, model, printTime, time } from '#/http/model'

/** A webhook; its key in clear only while it is new, '' else. */
export type WebhookRow = Omit<Webhook, 'secret' | 'authPassword'> & { secret: string }

/** docs/contract/project.md §13.1. */
export const webhookModel = model(
  'webhook',
  {
    $id: z.string(),
    $createdAt: time,
    $updatedAt: time,
    name: z.string(),
    url: z.string(),
    events: z.array(z.string()),
    tls: z.boolean(),
    authUsername: z.string(),
    authPassword: z.string(),
    secret: z.string(),
    enabled: z.boolean(),
    logs: z.string(),
    attempts: z.int().min(0),
  },
  (row: WebhookRow) => ({
    $id: row.id,
    $createdAt: printTime(row.createdAt),
    $updatedAt: printTime(row.updatedAt),
    name: row.name,
    url: row.url,
    events: row.events,
    tls: row.tls,
    authUsername: row.authUsername,
    authPassword: '', // Differs: upstream shows it to whoever may read webhooks.
    secret: row.secret,
    enabled: row.enabled,
    logs: row.logs,
    attempts: row.attempts,
  }),
)
export const webhookListModel = listModel('webhookList', 'webhooks', webhookModel)
