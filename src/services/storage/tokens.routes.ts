import { eq, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { z } from 'zod'
import { allows } from '#/auth/roles'
import { type FileToken, fileTokens } from '#/db/schema'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { listStatements, pageOf } from '#/http/list'
import { listModel } from '#/http/model'
import { described, futureDateTime, listParams, optional, requireFuture } from '#/http/params'
import { uidOf, uniqueId } from '#/ids'
import { route } from '#/pipeline/route'
import { bucketById, fileById, grantRead, openFile } from '#/services/storage/access'
import { tokenById, tokenModel, tokenSecret } from '#/services/storage/file-tokens'
import { inFile } from '#/services/storage/params'

const ofFile = '/v1/tokens/buckets/:bucketId/files/:fileId'
const one = '/v1/tokens/:tokenId'
const byId = { param: z.object({ tokenId: uidOf('file token') }) }
const body = z.object({
  expire: described(
    optional(futureDateTime),
    'When the token ends, in the future; left out, never.',
  ),
})
const limit = {
  limit: 60,
  windowSeconds: 60,
  keys: ['ip:{ip},method:{method},url:{url},userId:{userId}'],
}

const withSecret = async (c: Context<AppEnv>, row: FileToken) => ({
  ...row,
  secret: await tokenSecret(row, c.var.settings.SECRET),
})

export const createFileToken = route(
  {
    name: 'tokens.createFileToken',
    summary: 'Create a token for a file',
    description:
      'Creates a token that lets whoever holds its secret download, view and preview ' +
      'one file. API keys only. Without `expire` it never ends.',
    method: 'post',
    path: ofFile,
    scopes: ['tokens.write'],
    limit,
    event: 'tokens.[tokenId].create',
    input: { param: inFile, body },
    status: 201,
    model: tokenModel,
    errors: ['storage_bucket_not_found', 'storage_file_not_found', 'user_unauthorized'],
  },
  async (c, { expire, ...ids }) => {
    const { db, now, caller } = c.var
    requireFuture('expire', expire, now)
    const { bucket, file } = await openFile(c, ids)
    const granted = [bucket, ...(bucket.fileSecurity ? [file] : [])]
    if (!granted.some(({ permissions }) => allows(caller, 'update', permissions))) {
      throw new ApiError('user_unauthorized')
    }
    const [row] = await db
      .insert(fileTokens)
      .values({
        id: uniqueId(now),
        ...ids,
        bucketSequence: bucket.sequence,
        fileSequence: file.sequence,
        expiresAt: expire ?? null,
        createdAt: now,
        updatedAt: now,
      })
      .returning()
    if (!row) throw new Error('An insert without a conflict gave no row.')
    return withSecret(c, row)
  },
)

export const list = route(
  {
    name: 'tokens.list',
    summary: 'List the tokens of a file',
    description:
      'Lists the tokens of a file with their secrets, expired ones too. API keys ' +
      'only. Unlike with Appwrite, queries may filter by `expire`.',
    method: 'get',
    path: ofFile,
    scopes: ['tokens.read'],
    input: {
      param: inFile,
      query: z.object({ queries: listParams.queries, total: listParams.total }),
    },
    status: 200,
    model: listModel('resourceTokenList', 'tokens', tokenModel),
    errors: [
      'general_cursor_not_found',
      'general_query_invalid',
      'storage_bucket_not_found',
      'storage_file_not_found',
      'user_unauthorized',
    ],
  },
  async (c, { queries, total, ...ids }) => {
    const { db, caller } = c.var
    const file = fileById(db, ids.bucketId, ids.fileId)
    const tokens = listStatements(
      c,
      { queries, total, search: undefined },
      {
        table: fileTokens,
        // Differs: upstream documents `expire` as an attribute but refuses it.
        attributes: { expire: 'datetime' },
        columns: { expire: fileTokens.expiresAt },
        neverLegacy: true,
        where: eq(
          fileTokens.fileSequence,
          db.select({ sequence: sql`sequence` }).from(file.as('file')),
        ),
      },
    )
    const [[bucket], [found], ...rows] = await db.batch([
      bucketById(db, ids.bucketId),
      file,
      ...tokens.statements,
    ])
    grantRead(caller, bucket, found)
    const page = pageOf<FileToken>(tokens, rows)
    return { ...page, rows: await Promise.all(page.rows.map((row) => withSecret(c, row))) }
  },
)

export const get = route(
  {
    name: 'tokens.get',
    summary: 'Get a file token',
    description: 'Returns a token with its secret, made anew for each answer. API keys only.',
    method: 'get',
    path: one,
    scopes: ['tokens.read'],
    input: byId,
    status: 200,
    model: tokenModel,
    errors: ['token_not_found'],
  },
  async (c, { tokenId }) => {
    const [row] = await tokenById(c.var.db, tokenId)
    if (!row) throw new ApiError('token_not_found')
    return withSecret(c, row)
  },
)

export const update = route(
  {
    name: 'tokens.update',
    summary: 'Change when a file token expires',
    description:
      'Sets the end of a token; without `expire`, or with `null`, the token never ' +
      'ends. API keys only. After a later end was set, fetch the secret again: an old ' +
      'one still ends at its own time.',
    method: 'patch',
    path: one,
    scopes: ['tokens.write'],
    limit,
    event: 'tokens.[tokenId].update',
    input: { ...byId, body },
    status: 200,
    model: tokenModel,
    errors: ['token_not_found'],
  },
  async (c, { tokenId, expire }) => {
    requireFuture('expire', expire, c.var.now)
    // Without `expire` the token never expires (docs/contract/storage.md §10.2).
    const [row] = await c.var.db
      .update(fileTokens)
      .set({ expiresAt: expire ?? null, updatedAt: c.var.now })
      .where(eq(fileTokens.id, tokenId))
      .returning()
    if (!row) throw new ApiError('token_not_found')
    return withSecret(c, row)
  },
)

export const deleteToken = route(
  {
    name: 'tokens.delete',
    summary: 'Delete a file token',
    description: 'Deletes a token, whose secret opens nothing from then on. API keys only.',
    method: 'delete',
    path: one,
    scopes: ['tokens.write'],
    limit,
    event: 'tokens.[tokenId].delete',
    input: byId,
    status: 204,
    errors: ['token_not_found'],
  },
  async (c, { tokenId }) => {
    const [gone] = await c.var.db.delete(fileTokens).where(eq(fileTokens.id, tokenId)).returning()
    if (!gone) throw new ApiError('token_not_found')
    return undefined
  },
)
