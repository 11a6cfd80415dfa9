import { describe, expect, test } from 'vitest'
import { ERRORS } from '#/errors'
import { API_VERSION } from '#/lib/version'
import { openApi, openApiPath } from '#/pipeline/openapi'
import { ROUTES } from '#/routes'
import { INLINE_TYPES } from '#/storage/mime'
import api from '#test/contract/api.json'
import errors from '#test/contract/errors.json'
import mime from '#test/contract/mime.json'
import type { Json } from '#test/support/world'

const contract = api as Json
const own = openApi(ROUTES, API_VERSION) as Json

/** Differences that are meant: the README names each. */
const MORE_THAN_CONTRACT: Record<string, readonly string[]> = {
  // A hidden bucket's preview budget.
  'storage.getFilePreview': ['general_rate_limit_exceeded'],
  'storage.getFileDownload': ['storage_invalid_range'],
  'storage.getFileView': ['storage_invalid_range'],
  'storage.getFilePush': ['storage_invalid_range'],
  'tokens.list': ['general_query_invalid'],
  // A JWT has no session of its own: upstream answers 500, or stores a target that goes with none.
  // MFA is switched off by whoever shows a second factor.
  'account.updateMFA': ['user_challenge_required', 'user_session_not_found'],
  'users.createJWT': ['user_session_not_found'],
  'account.updateMFAAuthenticator': ['user_session_not_found'],
  'account.updateMFAChallenge': ['user_session_not_found'],
  'account.createPushTarget': ['user_session_not_found'],
  // Another target has the identifier: upstream answers 500.
  'account.updatePushTarget': ['user_target_already_exists'],
  'account.deleteIdentity': ['user_unauthorized'],
  // The last owner of a team that others are in.
  'account.delete': ['user_deletion_prohibited'],
  'account.updateStatus': ['user_deletion_prohibited'],
  // As many teams as one user may make.
  'teams.create': ['general_resource_blocked'],
  // A provider that tells its addresses itself has to be asked for them; tokens are renewed at the provider.
  'account.createOAuth2Session': ['user_oauth2_provider_failure'],
  'account.createOAuth2Token': ['user_oauth2_provider_failure'],
  'account.updateSession': ['user_oauth2_provider_failure'],
  // The ID for a new user is taken: upstream answers 500.
  'account.createMagicURLToken': ['user_already_exists'],
  'account.createEmailToken': ['user_already_exists'],
  // The carrier refuses the address for good: upstream says nothing, and leaves what it made behind.
  'account.createPhoneToken': ['general_invalid_phone', 'user_already_exists'],
  'account.createRecovery': ['general_invalid_email'],
  'account.createRecoveryOTP': ['general_invalid_email'],
  'account.createEmailVerification': ['general_invalid_email'],
  'account.createEmailVerificationOTP': ['general_invalid_email'],
  'account.createPhoneVerification': ['general_invalid_phone'],
  'account.createMFAChallenge': ['general_invalid_email', 'general_invalid_phone'],
  'teams.createMembership': ['general_invalid_email', 'general_invalid_phone'],
  'users.listMemberships': ['general_cursor_not_found'],
  'users.updateTarget': ['user_target_already_exists'],
}

/** Limits that are meant to differ: the README names each. */
const OTHER_LIMITS: Record<string, Json> = {
  // By address and device as well, so that nobody spends the challenges of somebody else.
  'account.createMFAChallenge': {
    limit: 10,
    window: 3600,
    key: ['url:{url},userId:{userId},ip:{ip},device:{device}'],
  },
  // Users with a proven address have a count each, so that one network needs a bound of its own.
  'account.createPhoneVerification': {
    limit: 10,
    window: 3600,
    key: ['url:{url},userId:{userId}', 'url:{url},ip:{ip}'],
    networkLimit: 100,
  },
  'teams.createMembership': {
    limit: 10,
    window: 3600,
    key: ['url:{url},ip:{ip}'],
    networkLimit: 100,
  },
}

/** Types for users of a console, which is not here. */
const CONSOLE_ONLY = [
  ...['user_console_count_exceeded', 'user_email_not_whitelisted', 'user_ip_not_whitelisted'],
]

/** A cursor row without a value to sort by is a place like any other here. */
const NEVER_RAISED = ['database_query_order_null']

/** Operations that only the SDKs know, so that the contract has no limits, events and errors of theirs. */
const SIBLINGS: Record<string, string> = {
  'account.createRecoveryOTP': 'account.createRecovery',
  'account.updateRecoveryOTP': 'account.updateRecovery',
  'account.createEmailVerificationOTP': 'account.createEmailVerification',
  'account.updateEmailVerificationOTP': 'account.updateEmailVerification',
}

/** Another one, for which no operation of the contract is a measure. */
const UNRULED = ['account.createIdTokenSession']

/** In the group for the session limit alone: whoever is signed in may sign in with a provider as well. */
const LINKING = ['account.oauth2Redirect']

/** Whoever lacks a second factor keeps nobody else from signing in: the routes are as if they were of the group `mfa`. */
const FOR_SOMEBODY_ELSE = [
  'account.createOAuth2Session',
  'account.createOAuth2Token',
  'account.oauth2Redirect',
]

const operations = new Map<string, { path: string; method: string; operation: Json }>()
for (const [path, methods] of Object.entries<Json>(contract.paths)) {
  for (const [method, operation] of Object.entries<Json>(methods)) {
    operations.set(operation.operationId, { path, method, operation })
  }
}

/** Follows a reference within the contract. */
const resolve = (value: Json): Json =>
  value?.$ref
    ? value.$ref
        .slice(2)
        .split('/')
        .reduce((at: Json, key: string) => at[key], contract)
    : value

/** Reads what tells parameters apart: place, need, type and bounds. */
const facts = (schema: Json) => {
  const types = [schema.type].flat().filter((type) => type !== 'null')
  const { minLength, maxLength, minimum, maximum, maxItems, format } = schema
  return { types, minLength, maxLength, minimum, maximum, maxItems, format }
}

// The two services of the owner have a contract of their own: project-contract.test.ts.
const served = ROUTES.map(({ spec }) => spec).filter(
  ({ name }) => !/^(project|webhooks)\./.test(name),
)

test('lists what is not built yet, by name', () => {
  const names = new Set<string>(served.map(({ name }) => name))
  const missing = [...operations.values()]
    .map(({ operation }) => operation)
    .filter((operation) => !names.has(operation.operationId) && operation['x-status'] === undefined)
    .map(({ operationId }) => operationId)
  console.info(
    `${names.size} operations served; ${missing.length} not built yet: ${missing.join(', ')}`,
  )
  expect(missing.filter((name) => /^(storage|tokens)\./.test(name))).toEqual([])
})

describe.each(served.map((spec) => [spec.name, spec] as const))('%s', (name, spec) => {
  const theirs = operations.get(name)
  const path = openApiPath(spec.path)
  const mine = own.paths[path]?.[spec.method]
  const ruling = UNRULED.includes(name)
    ? { operation: mine }
    : operations.get(SIBLINGS[name] ?? name)

  test('has the path, method, scopes, limit and event of the contract', () => {
    expect([theirs?.path, theirs?.method]).toEqual([path, spec.method])
    expect(mine['x-scopes']).toEqual(theirs?.operation['x-scopes'])
    expect(mine['x-ratelimit']).toEqual(OTHER_LIMITS[name] ?? ruling?.operation['x-ratelimit'])
    expect(mine['x-events']).toEqual(ruling?.operation['x-events'])
  })
  test('has the aliases and groups of the contract', () => {
    const { 'x-path-aliases': aliases = [], 'x-groups': groups = [] } = theirs?.operation ?? {}
    const given = (spec.aliases ?? []).map(openApiPath)
    expect(given).toEqual(aliases)
    const named = [
      ...(spec.authMethod ? ['auth'] : []),
      ...(spec.signedOut || LINKING.includes(name) ? ['session'] : []),
      ...(spec.mfa && !FOR_SOMEBODY_ELSE.includes(name)
        ? [{ exempt: 'mfa', fresh: 'mfaProtected' }[spec.mfa]]
        : []),
    ]
    expect(named.sort()).toEqual([...groups].sort())
    expect(spec.authMethod).toBe(theirs?.operation['x-auth-method'])
  })
  test('takes the parameters of the contract', () => {
    const shown = (list: Json[]) =>
      list
        .map(resolve)
        .filter((parameter) => !/^impersonate/i.test(parameter.name))
        .map((parameter) => [parameter.in, parameter.name, parameter.required])
        .sort()
    expect(shown(mine.parameters ?? [])).toEqual(shown(theirs?.operation.parameters ?? []))
    const bounds = (list: Json[]) =>
      Object.fromEntries(
        list
          .map(resolve)
          .filter((parameter) => parameter.in !== 'header' && !/^impersonate/i.test(parameter.name))
          .map((parameter) => [parameter.name, facts(parameter.schema)]),
      )
    expect(bounds(mine.parameters ?? [])).toEqual(bounds(theirs?.operation.parameters ?? []))
  })
  test('takes the body of the contract', () => {
    const content = (body: Json) => {
      const [type, media] = Object.entries<Json>(resolve(body)?.content ?? {})[0] ?? []
      if (!type) return undefined
      const { properties, required = [] } = resolve(media.schema)
      const shapes = Object.fromEntries(
        Object.entries<Json>(properties).map(([key, schema]) => {
          const { maximum: _, maxLength: __, ...bounds } = facts(resolve(schema))
          return [
            key,
            key === 'folder' || key === 'maximumFileSize' ? bounds.types : facts(resolve(schema)),
          ]
        }),
      )
      return { type, shapes, required: [...required].sort() }
    }
    expect(content(mine.requestBody)).toEqual(content(theirs?.operation.requestBody))
  })
  test('answers with the statuses and model of the contract', () => {
    expect(Object.keys(mine.responses)).toEqual(Object.keys(theirs?.operation.responses ?? {}))
    const model = (responses: Json) =>
      Object.values<Json>(responses)
        .flatMap((response) => Object.values<Json>(response.content ?? {}))
        .map((media) => media.schema.$ref ?? media.schema.format)
    expect(model(mine.responses)).toEqual(model(theirs?.operation.responses ?? {}))
  })
  test('throws the errors of the contract', () => {
    const extra = MORE_THAN_CONTRACT[name] ?? []
    const theirErrors = ruling?.operation === mine ? spec.errors : ruling?.operation['x-errors']
    const expected = new Set<string>([...(theirErrors ?? []), ...extra])
    const specific = (types: Iterable<string>) =>
      [...types]
        .filter(
          (type) => ![...CONSOLE_ONLY, ...NEVER_RAISED, 'general_server_error'].includes(type),
        )
        .sort()
    expect(specific(spec.errors)).toEqual(specific(expected))
  })
})

describe('models', () => {
  const names = [...new Set(served.flatMap(({ model }) => (model ? [model.name] : [])))]
  test.each(names)('%s has the fields of the contract, in their order', (name) => {
    const [mine, theirs] = [own.components.schemas[name], contract.components.schemas[name]]
    const shape = (schema: Json) =>
      Object.entries<Json>(schema.properties ?? {}).map(([key, value]) => [
        key,
        value.$ref ?? value.type,
      ])
    expect(shape(mine)).toEqual(shape(theirs))
    expect([...(mine.required ?? [])].sort()).toEqual([...(theirs.required ?? [])].sort())
    // Two ways to write "anything": an empty schema, and true.
    const isOpen = ({ additionalProperties }: Json) => additionalProperties !== false
    expect(isOpen(mine)).toBe(isOpen(theirs))
  })
})

describe('errors', () => {
  test.each(Object.entries(ERRORS))('%s has the status of the contract', (type, [status]) => {
    const known = (errors as Record<string, { code: number; wire?: number }>)[type]
    expect(known?.wire ?? known?.code).toBe(status)
  })
})

test('shows inline what the contract shows inline', () => {
  const misspelt = 'auido/L24'
  expect([...INLINE_TYPES].sort()).toEqual(
    mime.view.inline.filter((type) => type !== misspelt).sort(),
  )
})

test('the OpenAPI document on record is current', async () => {
  await expect(`${JSON.stringify(own, null, 2)}\n`).toMatchFileSnapshot('./openapi.json')
})
