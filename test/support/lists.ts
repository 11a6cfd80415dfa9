import { files } from '#/db/schema'
import { NOW, ROOT, type World } from '#test/support/world'

export type NewFile = Partial<typeof files.$inferInsert> & { id: string }

/** Returns the text of a query. */
export const q = (method: string, attribute = '', ...values: unknown[]) =>
  JSON.stringify({ method, attribute, values })

/** Returns the text of `and` or `or` over queries in text form. */
export const group = (method: 'and' | 'or', ...queries: string[]) =>
  JSON.stringify({ method, values: queries.map((query) => JSON.parse(query)) })

/** Stores rows of files, in this order, four to a statement as D1 binds 100 values. */
export async function storeFiles(
  w: World,
  bucket: { id: string; sequence: number },
  rows: readonly NewFile[],
) {
  const complete = rows.map((row) => ({
    bucketId: bucket.id,
    bucketSequence: bucket.sequence,
    permissions: [],
    name: row.id,
    uploadName: row.name ?? row.id,
    folder: '',
    signature: '',
    mimeType: 'text/plain',
    sizeOriginal: 1,
    sizeActual: 1,
    chunksTotal: 1,
    chunksUploaded: 1,
    encryption: false,
    compression: 'none',
    blobId: crypto.randomUUID(),
    createdAt: NOW,
    updatedAt: NOW,
    ...row,
  }))
  for (let start = 0; start < complete.length; start += 4) {
    await w.db.insert(files).values(complete.slice(start, start + 4))
  }
}

/** Sends a list request. */
export const sendList = (
  w: World,
  path: string,
  queries: readonly string[],
  { more = '', headers = ROOT as Record<string, string> } = {},
) => {
  const fields = queries.map((query, index) => `queries[${index}]=${encodeURIComponent(query)}`)
  return w.send(
    'get',
    `${path}?${[...fields, ...(more ? [more] : [])].join('&')}`,
    undefined,
    headers,
  )
}

type Listed = { $id: string }

/** Returns functions that list a bucket's files. */
export function lister(w: World, bucketId: string) {
  const path = `/storage/buckets/${bucketId}/files`
  const send = (queries: readonly string[], more = '') => sendList(w, path, queries, { more })
  return {
    send,
    /** Returns the IDs that match. */
    async ids(...queries: string[]): Promise<string[]> {
      const { status, body } = await send(queries)
      if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)} ${queries}`)
      return body.files.map(({ $id }: Listed) => $id)
    },
    /** Returns status and type of a refusal, or status and total. */
    async outcome(queries: readonly string[], more = ''): Promise<[number, string | number]> {
      const { status, body } = await send(queries, more)
      return [status, status === 200 ? body.total : body.type]
    },
    /** Returns IDs and total of a search. */
    async search(term: string, ...queries: string[]): Promise<[string[], number]> {
      const { status, body } = await send(queries, `search=${encodeURIComponent(term)}`)
      if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)} ${term}`)
      return [body.files.map(({ $id }: Listed) => $id), body.total]
    },
  }
}
