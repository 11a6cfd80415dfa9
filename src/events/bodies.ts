/** Bodies that are too long for the queue wait in the bucket, under keys that sort by their moment. */
const PREFIX = 'events/'

/** The queue keeps messages for 4 days; whatever waits for longer waits for nobody. */
const LIFETIME_MS = 5 * 24 * 3600 * 1000
const BODIES_PER_ROUND = 500

const keyAt = (moment: Date, name: string) => `${PREFIX}${moment.toISOString()}-${name}`

/** Puts a body aside. @returns its key */
export async function storeBody(bucket: R2Bucket, text: string, now: Date): Promise<string> {
  const key = keyAt(now, crypto.randomUUID())
  await bucket.put(key, text)
  return key
}

/** Returns a body that was put aside; undefined when it is gone. */
export const readBody = async (bucket: R2Bucket, key: string): Promise<string | undefined> =>
  (await bucket.get(key))?.text()

/** Deletes one round of bodies that nobody waits for, oldest first. @returns how many */
export async function sweepBodies(bucket: R2Bucket, now: Date): Promise<number> {
  const { objects } = await bucket.list({ prefix: PREFIX, limit: BODIES_PER_ROUND })
  const end = keyAt(new Date(now.getTime() - LIFETIME_MS), '')
  const old = objects.map(({ key }) => key).filter((key) => key < end)
  if (old.length > 0) await bucket.delete(old)
  return old.length
}
