import { lt, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import type { Database } from '#/db'
import { type File, variants } from '#/db/schema'
import { ApiError, type ErrorType } from '#/errors'
import { preconditions } from '#/http/conditional'
import type { AppEnv } from '#/http/context'
import { hashSecret } from '#/lib/secrets'
import { openBlob, variantPrefix } from '#/storage/blobs'
import { iconStream } from '#/storage/preview/icons'
import { claim, release, renewWhile } from '#/storage/preview/lease'
import {
  type OutputFormat,
  outputFormat,
  type PreviewParams,
  type SourceKind,
  sourceKind,
} from '#/storage/preview/plan'
import { renderPreview } from '#/storage/preview/render'

type Ctx = Context<AppEnv>

/** Marks what this renderer makes and refuses; raise it when the same parameters give something else. */
const RENDERER = 3
/** How long a request waits for another's rendering, and how often it looks. */
const PATIENCE_MS = 25_000
const FIRST_LOOK_MS = 100
const LAST_LOOK_MS = 2_000

const DAY = 24 * 3600
const CACHED = {
  miss: `private, max-age=${30 * DAY}`,
  hit: `private, max-age=${180 * DAY}`,
}

const ICON_BACKGROUND = 'eceff1'

/**
 * Answers with a preview, rendered once per file version and set of parameters and then kept in R2
 * (docs/contract/storage.md §9.10). A refusal that follows from the source is kept too; a service's failure never is.
 * @throws `general_rate_limit_exceeded` when the bucket's monthly budget of new previews is used up
 */
export async function sendPreview(c: Ctx, file: File, params: PreviewParams): Promise<Response> {
  const kind = sourceKind(file.mimeType, file.sizeActual)
  const job = kind === 'file' ? fileJob(c, file, params) : iconJob(kind, params)
  const hash = await hashSecret(
    JSON.stringify([RENDERER, job.output, ...Object.entries(job.named).sort()]),
  )
  const key = `${variantPrefix(job.source)}${hash.slice(0, 40)}`

  const found = await stored(c, key)
  if (found) return found
  const lease = await claim(c, file, key)
  if (!lease) {
    const awaited = await waitFor(c, key)
    if (awaited) return awaited
    throw new ApiError('general_rate_limit_exceeded', 'This preview is still being rendered.', {
      headers: { 'Retry-After': '5' },
    })
  }
  try {
    const from = await job.open()
    if (!from) throw new ApiError('storage_file_not_found')
    const rendering = renderPreview(c.env.IMAGES, from, job.params, job.output)
    const { body, contentType } = await renewWhile(c.var.db, lease, rendering)
    const variant = await c.env.BLOBS.put(key, body, { httpMetadata: { contentType } })
    return answer(c, variant, body, 'miss')
  } catch (error) {
    await (isRefusal(error)
      ? c.env.BLOBS.put(key, '', { customMetadata: { refusal: error.type, detail: error.message } })
      : release(c.var.db, lease))
    throw error
  }
}

/** What is rendered: `source` and `named` name the result, `params` are what is left to do. */
type Job = {
  source: string
  named: PreviewParams
  params: PreviewParams
  output: OutputFormat
  open(): Promise<ReadableStream<Uint8Array> | undefined>
}

function fileJob(c: Ctx, file: File, params: PreviewParams): Job {
  const open = () => openBlob(c.env.BLOBS, file)
  return { source: file.blobId, named: params, params, output: fileOutput(file, params), open }
}

/** Icons are the same for every file: they share their previews. */
function iconJob(kind: Exclude<SourceKind, 'file'>, params: PreviewParams): Job {
  const background = params.background ?? ICON_BACKGROUND
  const named = { ...params, background }
  return {
    source: kind,
    named,
    // The icon has its background already, but opacity, round corners and turns let it through.
    params: named,
    output: params.output ?? 'png',
    open: async () => iconStream(kind, background),
  }
}

/** Differs: upstream answers HEIC with HEIC, which is not written here and which few clients show. */
function fileOutput({ uploadName, mimeType }: File, { output }: PreviewParams): OutputFormat {
  const format = outputFormat(output, uploadName, mimeType)
  return output === undefined && format === 'heic' ? 'jpg' : format
}

/** Errors that follow from the source and the parameters alone. No service's failure is among them. */
const REFUSALS: readonly ErrorType[] = [
  'storage_file_type_unsupported',
  'storage_image_resolution_exceeded',
]
const isRefusal = (error: unknown): error is ApiError =>
  error instanceof ApiError && REFUSALS.includes(error.type)

/** Answers with a preview that is stored now, or with 304 where the client has it. */
function answer(c: Ctx, variant: R2Object, body: BodyInit, cache: keyof typeof CACHED): Response {
  const validators = { etag: variant.httpEtag, lastModified: variant.uploaded }
  const headers = new Headers({
    'Cache-Control': CACHED[cache],
    'X-Appwrite-Cache': cache,
    ETag: validators.etag,
    'Last-Modified': validators.lastModified.toUTCString(),
  })
  if (preconditions(c.req.raw.headers, validators) === 'not-modified') {
    return new Response(null, { status: 304, headers })
  }
  headers.set('Content-Type', variant.httpMetadata?.contentType ?? 'image/png')
  return new Response(body, { headers })
}

/** Answers from R2, if the preview or its refusal is there. */
async function stored(c: Ctx, key: string) {
  const variant = await c.env.BLOBS.get(key)
  if (!variant) return
  const { refusal, detail } = variant.customMetadata ?? {}
  if (refusal) throw new ApiError(refusal as ErrorType, detail) // written by sendPreview alone
  const response = answer(c, variant, variant.body, 'hit')
  if (!response.body) await variant.body.cancel()
  return response
}

async function waitFor(c: Ctx, key: string) {
  let pause = FIRST_LOOK_MS
  for (let waited = 0; waited < PATIENCE_MS; waited += pause) {
    await scheduler.wait(pause)
    const found = await stored(c, key)
    if (found) return found
    pause = Math.min(pause * 1.5, LAST_LOOK_MS)
  }
  return
}

/** Previews are dropped at this age, so that unused ones do not pile up; used ones are made again. */
const LIFETIME_MS = 180 * DAY * 1000
const DROPPED_PER_ROUND = 500

/** Drops one round of old previews. @returns how many */
export async function sweepVariants(bucket: R2Bucket, db: Database, now: Date): Promise<number> {
  const old = await db
    .select({ key: variants.key })
    .from(variants)
    .where(lt(variants.createdAt, new Date(now.getTime() - LIFETIME_MS)))
    .limit(DROPPED_PER_ROUND)
  const keys = old.map(({ key }) => key)
  if (keys.length === 0) return 0
  await bucket.delete(keys)
  await db
    .delete(variants)
    .where(sql`${variants.key} in (select value from json_each(${JSON.stringify(keys)}))`)
  return keys.length
}
