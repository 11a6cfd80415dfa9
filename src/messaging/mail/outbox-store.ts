import { desc, eq, sql } from 'drizzle-orm'
import type { Database } from '#/db'
import { type OutboxMessage, outbox } from '#/db/schema/mail'
import type { Mailer } from '#/messaging/mail/message'

/** How many messages are kept; older ones go. */
export const MOST_MESSAGES = 200

/** Keeps a message to be read, and drops the oldest beyond {@link MOST_MESSAGES}. */
export async function keep(
  db: Database,
  message: Pick<OutboxMessage, 'kind' | 'to' | 'text' | 'createdAt'> & Partial<OutboxMessage>,
): Promise<void> {
  const row = { subject: '', html: '', ...message }
  await db.batch([
    db.insert(outbox).values(row),
    db
      .delete(outbox)
      .where(
        sql`${outbox.sequence} <= (select max(${outbox.sequence}) from ${outbox}) - ${MOST_MESSAGES}`,
      ),
  ])
}

/** Keeps mails instead of sending them. */
export const outboxMailer = (db: Database): Mailer => ({
  send: ({ to, date, subject, html, text }) =>
    keep(db, { kind: 'mail', to, subject, html, text, createdAt: date }),
})

/** Returns every message kept, newest first. */
export const keptMessages = (db: Database) =>
  db.select().from(outbox).orderBy(desc(outbox.sequence)).limit(MOST_MESSAGES)

/** Returns one message. */
export async function keptMessage(db: Database, id: number): Promise<OutboxMessage | undefined> {
  const [message] = await db.select().from(outbox).where(eq(outbox.sequence, id))
  return message
}
