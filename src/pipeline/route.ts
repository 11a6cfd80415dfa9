import { zValidator } from '@hono/zod-validator'
import type { Context, Handler, MiddlewareHandler } from 'hono'
import { z } from 'zod'
import { GUEST_SCOPES, isPrivileged } from '#/auth/caller'
import { countRequest, type RateLimit } from '#/auth/rate-limit'
import { ApiError, ERRORS, type ErrorType } from '#/errors'
import { announceRoute } from '#/events/announce'
import { recordAction } from '#/events/audit'
import { tellWebhooks } from '#/events/dispatch'
import { type Body, readBody } from '#/http/body'
import type { AppEnv } from '#/http/context'
import type { Model, View } from '#/http/model'
import { gatherArrays, gatherQuery } from '#/http/params'
import { requestLocale } from '#/http/request-locale'
import { type Gates, passGates, passGroups } from '#/pipeline/gates'

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
type Shape = z.ZodRawShape

/** Holds the parameters of a route, by where they come from. */
export type Input<P extends Shape, Q extends Shape, B extends Shape> = {
  param?: z.ZodObject<P>
  query?: z.ZodObject<Q>
  body?: z.ZodObject<B>
}

/** An endpoint as data: everything but what it does. Gates, validation and documents derive from it. */
export type Spec<
  Row,
  P extends Shape = Shape,
  Q extends Shape = Shape,
  B extends Shape = Shape,
> = Gates & {
  /** `service.method`, in the words of the SDKs. */
  name: `${string}.${string}`
  /** One line in the imperative, at most 60 characters and without a full stop; unique within its service. */
  summary: string
  /** One to three sentences: what it does, who may call it, what is special. */
  description: string
  method: Method
  /** Path with Hono's `:param`. */
  path: string
  /** Other paths of the same route; they share its limits. */
  aliases?: readonly string[]
  limit?: RateLimit
  /** Event name templates, as webhooks see them. */
  event?: string | readonly string[]
  /** Name of the entry in the user's activity log (docs/contract/users.md §18). */
  audit?: string
  /**
   * Runs before anything is known of caller and project: no stage of docs/contract/auth.md §1 after the first three.
   */
  pipeline?: 'none'
  /** What the reserved project answers where the rule of `refuseConsole` does not fit; `serve`: as any other. */
  onConsole?: ErrorType | 'serve'
  input: Input<P, Q, B>
  /** Documents a body that the handler reads itself, as a stream. */
  streamed?: { contentType: string; shape: z.ZodObject; file: string }
  headers?: readonly string[]
  /** Status of success; more than one where the handler chooses. */
  status: 200 | 201 | 204 | 301 | readonly [200, 201] | readonly [200, 206]
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

/**
 * Sends a model's JSON; the charset is part of the contract (docs/contract/storage.md §1.6). What the caller may see is
 * nobody else's: a cache in front of the Worker tells requests apart neither by cookies nor by our headers.
 */
export const sendJson = (c: Context<AppEnv>, body: unknown, status: 200 | 201 = 200) =>
  c.body(JSON.stringify(body), status, {
    'Content-Type': 'application/json; charset=UTF-8',
    'Cache-Control': 'private, no-store',
  })

/** Some SDKs read the type of every answer, and others parse whatever is called JSON. */
const EMPTY_BODY = { 'Content-Type': 'text/plain; charset=UTF-8' }

/** Joins a spec and a handler into a route that checks scope, limit and parameters in the contract's order. */
export function route<Row, P extends Shape, Q extends Shape, B extends Shape>(
  spec: Spec<Row, P, Q, B>,
  handle: Handle<Row, P, Q, B>,
): Route {
  const { param, query, body } = spec.input
  const answer: Handler<AppEnv> = async (c) => {
    const given = { ...valid(c, 'json'), ...valid(c, 'query'), ...valid(c, 'param') }
    const result = await handle(c, given as Parameters<typeof handle>[1]) // validated by these very schemas
    if (spec.audit) recordAction(c, spec.audit)
    announceRoute(c, spec, valid(c, 'param'), result instanceof Response ? undefined : result)
    if (result instanceof Response) return result
    if (result === undefined || !spec.model) return c.body(null, 204, EMPTY_BODY)
    return sendJson(c, spec.model.wire(result, viewOf(c)), spec.status === 201 ? 201 : 200)
  }
  return {
    spec,
    handlers: [
      named(spec),
      ...(spec.pipeline === 'none' ? [] : [gate(spec)]),
      ...(spec.streamed ? [] : [requireBody]),
      ...(param ? [zValidator('param', param, refuseInvalid)] : []),
      ...(query
        ? [zValidator('query', z.preprocess(gatherQueryFields, query), refuseInvalid)]
        : []),
      ...(body ? [validateBody(body)] : []),
      ...(spec.pipeline === 'none' ? [] : [refuseConsole(spec)]),
      answer,
    ] as MiddlewareHandler<AppEnv>[], // each differs only in the validated input that it adds
  }
}

/** How this request's caller is to be shown models. */
export const viewOf = (c: Context<AppEnv>): View => ({
  privileged: isPrivileged(c.var.caller),
  format: c.req.header('x-appwrite-response-format'),
  locale: requestLocale(c),
})

const valid = (c: Context<AppEnv>, target: 'json' | 'query' | 'param') =>
  c.req.valid(target as never) as Record<string, unknown> | undefined

const gatherQueryFields = (given: unknown) =>
  gatherQuery(given as Record<string, string | string[]>) // what Hono hands over

/** Checks whether somebody without a session may call a route. */
const isForGuests = ({ scopes }: AnySpec) => scopes.some((scope) => GUEST_SCOPES.has(scope))

/** Names the route in the log. */
const named =
  ({ name }: AnySpec): MiddlewareHandler<AppEnv> =>
  (c, next) => {
    c.set('route', name)
    return next()
  }

/** Checks all that comes before the parameters (docs/contract/auth.md §1, stages 11 to 18). */
const gate =
  (spec: AnySpec): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    passGates(c, spec)
    const by = isForGuests(spec) ? 'address' : 'addressAndUser'
    const reset =
      spec.limit && (await countRequest(c, spec.limit, spec.path, await limitParams(c, spec), by))
    await passGroups(c, spec)
    await next()
    tellWebhooks(c, viewOf)
    if (reset && spec.limit?.resetOn?.includes(c.res.status)) c.executionCtx.waitUntil(reset())
  }

/** Checks whether a limit counts by a parameter of the body, which then has to be read before it is validated. */
const countsByBody = ({ limit, input }: AnySpec) =>
  input.body !== undefined && (limit?.keys.some((key) => key.includes('{param-')) ?? false)

/**
 * Returns the parameters that a limit's keys name, read as validation reads them: whatever a client says of its
 * body, no other key is counted than that of the address or user which the handler gets. A body that cannot be
 * read names none, and is refused once it is counted.
 */
async function limitParams(c: Context<AppEnv>, spec: AnySpec) {
  if (!countsByBody(spec)) return {}
  return gatherArrays(await readBody(c).catch((): Body => ({})))
}

/** The reserved project `console` is empty: what a guest may ask for is not there (docs/contract/auth.md §2). */
const refuseConsole =
  (spec: AnySpec): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const { onConsole } = spec
    if (!c.var.hasProject && onConsole !== 'serve') {
      const absent = spec.errors.find((type) => ERRORS[type][0] === 404)
      throw new ApiError(onConsole ?? absent ?? 'project_not_found')
    }
    await next()
  }

type Checked = { success: boolean; error?: { issues: readonly z.core.$ZodIssue[] }; data?: unknown }

/** Turns the first problem into the contract's answer; on failure `data` is what the client sent. */
function refuseInvalid({ success, error, data }: Checked): undefined {
  const [issue] = error?.issues ?? []
  if (success || !issue) return
  const name = issue.path[0]?.toString() ?? ''
  const given =
    typeof data === 'object' && data !== null ? Object.keys(gatherArrays({ ...data })) : []
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

/** Refuses a malformed body on every route, also where no parameter is taken from it. */
const requireBody: MiddlewareHandler<AppEnv> = async (c, next) => {
  await readBody(c)
  await next()
}

/** Validates a JSON or form body. */
const validateBody =
  (schema: z.ZodObject): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    c.req.addValidatedData('json', check(schema, gatherArrays(await readBody(c))))
    await next()
  }
