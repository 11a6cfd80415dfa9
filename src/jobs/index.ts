import { and, inArray, isNotNull, lt } from 'drizzle-orm'
import type { Env } from '#/config/env'
import { type Database, database } from '#/db'
import { files, logs, oneTimeSecrets, sessions, spentSecrets } from '#/db/schema'
import { sweepBodies } from '#/events/bodies'
import { foldTexts } from '#/jobs/fold-texts'
import { sweepGarbage } from '#/storage/erase'
import { sweepOrphans } from '#/storage/orphans'
import { sweepVariants } from '#/storage/preview/variants'

/** R2 drops the parts of an unfinished upload after 7 days; its row goes before that. Differs: upstream keeps it. */
const UPLOAD_LIFETIME_MS = 6 * 24 * 3600 * 1000
const UPLOADS_PER_ROUND = 200
/** Rounds of one run; what is left waits for the next. */
const MAX_ROUNDS = 200

/** Runs the scheduled work: everything that is abandoned, deleted or expired goes, in bounded rounds. */
export async function sweep(env: Env, now: Date) {
  const db = database(env.DB)
  await untilNone(() => forgetExpired(db, now))
  await untilNone(() => abandonUploads(db, now))
  await untilNone(() => sweepGarbage(env, db, now))
  await untilNone(() => sweepOrphans(env.BLOBS, db, now))
  await untilNone(() => sweepVariants(env.BLOBS, db, now))
  await untilNone(() => sweepBodies(env.BLOBS, now))
  await foldTexts(db)
}

async function untilNone(round: () => Promise<number>) {
  for (let count = 0; count < MAX_ROUNDS; count++) if ((await round()) === 0) return
}

/** Deletes rows of uploads that nobody finished; triggers hand their blobs over to the sweeper. */
async function abandonUploads(db: Database, now: Date) {
  const old = db
    .select({ sequence: files.sequence })
    .from(files)
    .where(
      and(
        isNotNull(files.uploadId),
        lt(files.createdAt, new Date(now.getTime() - UPLOAD_LIFETIME_MS)),
      ),
    )
    .limit(UPLOADS_PER_ROUND)
  const gone = await db
    .delete(files)
    .where(inArray(files.sequence, old))
    .returning({ one: files.sequence })
  return gone.length
}

const ROWS_PER_ROUND = 500
/** Secrets are kept for a while after their end, so that a second use is told from a wrong one. */
const SECRET_GRACE_MS = 24 * 3600 * 1000
const LOG_LIFETIME_MS = 90 * 24 * 3600 * 1000

/** Deletes one round of sessions, one-time secrets and log entries whose time is over. @returns how many */
async function forgetExpired(db: Database, now: Date): Promise<number> {
  const ago = (ms: number) => new Date(now.getTime() - ms)
  const secretsEnded = ago(SECRET_GRACE_MS)
  const gone = await db.batch([
    db
      .delete(sessions)
      .where(
        inArray(
          sessions.sequence,
          db
            .select({ sequence: sessions.sequence })
            .from(sessions)
            .where(lt(sessions.expiresAt, now))
            .limit(ROWS_PER_ROUND),
        ),
      )
      .returning({ one: sessions.sequence }),
    db
      .delete(oneTimeSecrets)
      .where(
        inArray(
          oneTimeSecrets.sequence,
          db
            .select({ sequence: oneTimeSecrets.sequence })
            .from(oneTimeSecrets)
            .where(lt(oneTimeSecrets.expiresAt, secretsEnded))
            .limit(ROWS_PER_ROUND),
        ),
      )
      .returning({ one: oneTimeSecrets.sequence }),
    db
      .delete(logs)
      .where(
        inArray(
          logs.sequence,
          db
            .select({ sequence: logs.sequence })
            .from(logs)
            .where(lt(logs.time, ago(LOG_LIFETIME_MS)))
            .limit(ROWS_PER_ROUND),
        ),
      )
      .returning({ one: logs.sequence }),
    db
      .delete(spentSecrets)
      .where(
        inArray(
          spentSecrets.hash,
          db
            .select({ hash: spentSecrets.hash })
            .from(spentSecrets)
            .where(lt(spentSecrets.expiresAt, secretsEnded))
            .limit(ROWS_PER_ROUND),
        ),
      )
      .returning({ one: spentSecrets.expiresAt }),
  ])
  return Math.max(...gone.map(({ length }) => length))
}
