import { zValidator } from '@hono/zod-validator'
import type { Context, Handler, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { z } from 'zod'
import { countRequest, type RateLimit } from '#/auth/rate-limit'
import type { AppEnv } from '#/env'
import { ApiError, ERRORS, type ErrorType } from '#/errors'
import type { Model } from '#/http/model'
import { gatherArrays } from '#/http/params'

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
type Shape = z.ZodRawShape

/** Bounds a JSON or form body; files are read as streams and have their own limit. */
export const LARGEST_BODY_BYTES = 1024 * 1024

/** Holds the parameters of a route, by where they come from. */
export type Input<P extends Shape, Q extends Shape, B extends Shape> = {
  param?: z.ZodObject<P>
  query?: z.ZodObject<Q>
  body?: z.ZodObject<B>
}

/** Says everything about an endpoint but what it does. Gates, validation and documents derive from it. */
export type Spec<Row, P extends Shape = Shape, Q extends Shape = Shape, B extends Shape = Shape> = {
  /** `service.method`, in the words of the SDKs. */
  name: `${string}.${string}`
  method: Method
  /** Path with Hono's `:param`. */
  path: string
  /** Any one of them opens the route. */
  scopes: readonly [string, ...string[]]
  limit?: RateLimit
  /** Event name template, as webhooks and logs see it. */
  event?: string
  input: Input<P, Q, B>
  /** Documents a body that the handler reads itself, as a stream. */
  streamed?: { contentType: string; shape: z.ZodObject; file: string }
  headers?: readonly string[]
  /** Status of success; more than one where the handler chooses. */
  status: 200 | 201 | 204 | readonly [200, 201] | readonly [200, 206]
  model?: Model<Row>
  /** Media type of an answer that is not JSON. */
  produces?: string
  /** Types that the handler itself may throw. */
  errors: readonly ErrorType[]
}

// biome-ignore lint/suspicious/noExplicitAny: a list of routes holds specs of every shape
export type AnySpec = Spec<any, any, any, any>
export type Route = { spec: AnySpec; handlers: MiddlewareHandler<AppEnv>[] }

type Handle<Row, P extends Shape, Q extends Shape, B extends Shape> = (
  c: Context<AppEnv>,
  input: z.output<z.ZodObject<P>> & z.output<z.ZodObject<Q>> & z.output<z.ZodObject<B>>,
) => Promise<Row | Response | undefined>

/** Sends a model's JSON; the charset is part of the contract (storage contract 1.6). */
export const sendJson = (c: Context<AppEnv>, body: unknown, status: 200 | 201 = 200) =>
  c.body(JSON.stringify(body), status, { 'Content-Type': 'application/json; charset=UTF-8' })

/** Joins a spec and a handler into a route that checks scope, limit and parameters in the contract's order. */
export function route<Row, P extends Shape, Q extends Shape, B extends Shape>(
  spec: Spec<Row, P, Q, B>,
  handle: Handle<Row, P, Q, B>,
): Route {
  const { param, query, body } = spec.input
  const answer: Handler<AppEnv> = async (c) => {
    const given = { ...valid(c, 'json'), ...valid(c, 'query'), ...valid(c, 'param') }
    const result = await handle(c, given as Parameters<typeof handle>[1]) // validated by these very schemas
    if (result instanceof Response) return result
    if (result === undefined || !spec.model) return c.body(null, 204)
    return sendJson(c, spec.model.wire(result), spec.status === 201 ? 201 : 200)
  }
  return {
    spec,
    handlers: [
      gate(spec),
      ...(param ? [zValidator('param', param, refuseInvalid)] : []),
      ...(query ? [zValidator('query', z.preprocess(gather, query), refuseInvalid)] : []),
      ...(body ? [limitBody, validateBody(body)] : []),
      refuseConsole(spec),
      answer,
    ] as MiddlewareHandler<AppEnv>[], // each differs only in the validated input that it adds
  }
}

const valid = (c: Context<AppEnv>, target: 'json' | 'query' | 'param') =>
  c.req.valid(target as never) as Record<string, unknown> | undefined

const gather = (given: unknown) => gatherArrays(given as Record<string, unknown>) // Hono hands over an object

/** Checks scope and rate limit, before any parameter is looked at (auth contract 1, stages 13 to 17). */
const gate =
  (spec: AnySpec): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const { caller } = c.var
    if (!spec.scopes.some((scope) => caller.scopes.has(scope))) {
      const label = { guest: 'guests', user: 'users', key: 'applications' }[caller.kind]
      const who = caller.kind === 'user' ? caller.email : 'User'
      throw new ApiError(
        'general_unauthorized_scope',
        `${who} (role: ${label}) missing scopes (${JSON.stringify(spec.scopes)})`,
      )
    }
    if (spec.limit) await countRequest(c, spec.limit, spec.path)
    await next()
  }

/** The reserved project `console` is empty: what a guest may ask for is not there (auth contract 2). */
const refuseConsole =
  (spec: AnySpec): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    if (!c.var.hasProject) {
      throw new ApiError(spec.errors.find((type) => ERRORS[type][0] === 404) ?? 'project_not_found')
    }
    await next()
  }

type Checked = { success: boolean; error?: { issues: readonly z.core.$ZodIssue[] }; data?: unknown }

/** Turns the first problem into the contract's answer; on failure `data` is what the client sent. */
function refuseInvalid({ success, error, data }: Checked): undefined {
  const [issue] = error?.issues ?? []
  if (success || !issue) return
  const name = issue.path[0]?.toString() ?? ''
  const given = typeof data === 'object' && data !== null ? Object.keys(gather(data)) : []
  throw new ApiError(
    'general_argument_invalid',
    given.includes(name)
      ? `Invalid \`${name}\` param: ${issue.message}`
      : `Param "${name}" is not optional.`,
  )
}

/** Parses values that a handler read itself. @throws `general_argument_invalid` as for any parameter */
export function check<T extends z.ZodType>(schema: T, given: unknown): z.output<T> {
  const result = schema.safeParse(given)
  refuseInvalid({ data: given, ...result })
  if (!result.success) throw new ApiError('general_argument_invalid')
  return result.data
}

/** Validates a JSON or form body; a malformed or missing one is an empty set of parameters (auth contract 12). */
const validateBody =
  (schema: z.ZodObject): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    c.req.addValidatedData('json', check(schema, gatherArrays(await readBody(c))))
    await next()
  }

const limitBody = bodyLimit({
  maxSize: LARGEST_BODY_BYTES,
  onError: () => {
    throw new ApiError(
      'general_argument_invalid',
      `The body has more than ${LARGEST_BODY_BYTES} bytes.`,
    )
  },
})

/** Reads the parameters of a body as an object; never throws for what a client sent. */
export async function readBody(c: Context<AppEnv>): Promise<Record<string, unknown>> {
  const type = c.req.header('content-type') ?? ''
  if (/^(multipart\/form-data|application\/x-www-form-urlencoded)/i.test(type)) {
    return c.req.parseBody({ all: true }).catch(() => ({}))
  }
  const value: unknown = await c.req.json().catch(() => undefined)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}
