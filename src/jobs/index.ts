import { and, inArray, isNotNull, lt } from 'drizzle-orm'
import { type Database, database } from '#/db'
import { files, rateCounters } from '#/db/schema'
import type { Env } from '#/env'
import { sweepGarbage } from '#/services/storage/erase'
import { sweepVariants } from '#/services/storage/preview/variants'

/** R2 drops the parts of an unfinished upload after 7 days; its row goes before that. */
const UPLOAD_LIFETIME_MS = 6 * 24 * 3600 * 1000
const UPLOADS_PER_ROUND = 200
/** Rounds of one run; what is left waits for the next. */
const MAX_ROUNDS = 200

/** Runs the scheduled work: everything that is abandoned, deleted or expired goes, in bounded rounds. */
export async function sweep(env: Env, now: Date) {
  const db = database(env.DB)
  await db.delete(rateCounters).where(lt(rateCounters.windowEnd, Math.floor(now.getTime() / 1000)))
  await untilNone(() => abandonUploads(db, now))
  await untilNone(() => sweepGarbage(env, db, now))
  await untilNone(() => sweepVariants(env.BLOBS, db, now))
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
