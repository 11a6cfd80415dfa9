import { expect, test } from 'vitest'
import { mockNumbers } from '#/db/schema'
import { PROVIDERS } from '#/identity/providers/catalog/fields'
import { ROUTES } from '#/routes'
import api from '#test/contract/api-project.json'
import { errorBody } from '#test/support/errors'
import { projectWorld } from '#test/support/project'
import { type Answer, GUEST_HEADERS, type Json, NOW, ROOT, type World } from '#test/support/world'

/** Types that the contract lists but that cannot arise here, and why. */
const CANNOT_ARISE: Record<string, string> = {
  'project.listKeys database_query_order_null': 'a row without the value is a place in the order',
  'project.listPlatforms database_query_order_null':
    'a row without the value is a place in the order',
  'project.listVariables database_query_order_null':
    'a row without the value is a place in the order',
  'project.get project_not_found': 'a deployment always has its project',
  'project.delete general_server_error': 'nothing is deleted',
  'project.updateEmailTemplate project_not_found': 'a deployment always has its project',
  'project.deleteKey general_server_error': 'a row goes in one statement',
  'project.deletePlatform general_server_error': 'a row goes in one statement',
  'project.deleteVariable general_server_error': 'a row goes in one statement',
}

/** Short lists take no query that only running it could refuse. */
const SHORT = ['listMockPhones', 'listOAuth2Providers', 'listPolicies', 'listEmailTemplates']
for (const name of SHORT) {
  CANNOT_ARISE[`project.${name} general_query_invalid`] = 'it takes limit and offset alone'
}

type Provoke = (w: World) => Promise<Answer>

const ask =
  (
    method: string,
    path: string,
    body?: unknown,
    headers = ROOT as Record<string, string>,
  ): Provoke =>
  (w) =>
    w.send(method, `/project${path}`, body, headers)
const query = (method: string, attribute: string, values: Json[] = []) =>
  `queries[0]=${encodeURIComponent(JSON.stringify({ method, attribute, values }))}`
const lists = (path: string): Record<string, Provoke> => ({
  general_cursor_not_found: ask('get', `${path}?${query('cursorAfter', '', ['none'])}`),
  general_query_invalid: ask('get', `${path}?${query('lessThan', '$sequence', [0])}`),
})
/** Asks with a key that has nothing but these scopes. */
const byKey =
  (scopes: string[], method: string, path: string, body: unknown): Provoke =>
  async (w) =>
    ask(method, path, body, await w.key(...scopes))(w)

const KEY = { keyId: 'k', name: 'K', scopes: [] }
const PLATFORMS = {
  Web: 'hostname',
  Apple: 'bundleIdentifier',
  Android: 'applicationId',
  Windows: 'packageIdentifierName',
  Linux: 'packageName',
}
const VARIABLE = { variableId: 'v', key: 'V', value: '' }
const MOCK = { number: '+4915112345678', otp: '123456' }

const onPlatform = (type: string, field: string): Record<string, Record<string, Provoke>> => {
  const path = `/platforms/${type.toLowerCase()}`
  const body = { name: 'P', [field]: 'x' }
  const stored = type === 'Web' ? 'linux' : 'web'
  const blank = { ...body, [field]: ' ' }
  return {
    [`project.create${type}Platform`]: {
      platform_already_exists: ask('post', path, { platformId: 'web', ...body }),
      ...(type === 'Web'
        ? { general_bad_request: ask('post', path, { platformId: 'x', ...blank }) }
        : {}),
    },
    [`project.update${type}Platform`]: {
      platform_not_found: ask('put', `${path}/none`, body),
      platform_method_unsupported: ask('put', `${path}/${stored}`, body),
      ...(type === 'Web' ? { general_bad_request: ask('put', `${path}/web`, blank) } : {}),
    },
  }
}

/** Ways to get each error, by operation and type. */
const PROVOKED: Record<string, Record<string, Provoke>> = {
  'project.delete': { general_access_forbidden: ask('delete', '') },
  'project.listKeys': {
    ...lists('/keys'),
  },
  'project.createKey': {
    key_already_exists: ask('post', '/keys', KEY),
    key_creation_denied: byKey(['keys.write'], 'post', '/keys', { ...KEY, keyId: 'new' }),
  },
  'project.createEphemeralKey': {
    key_creation_denied: byKey(['keys.write'], 'post', '/keys/ephemeral', {
      scopes: ['users.read'],
      duration: 1,
    }),
  },
  'project.getKey': { key_not_found: ask('get', '/keys/none') },
  'project.updateKey': {
    key_not_found: ask('put', '/keys/none', { name: 'x', scopes: [] }),
    key_creation_denied: byKey(['keys.write'], 'put', '/keys/k', {
      name: 'x',
      scopes: ['users.read'],
    }),
  },
  'project.deleteKey': { key_not_found: ask('delete', '/keys/none') },
  'project.listPlatforms': lists('/platforms'),
  'project.getPlatform': { platform_not_found: ask('get', '/platforms/none') },
  'project.deletePlatform': { platform_not_found: ask('delete', '/platforms/none') },
  ...Object.assign(
    {},
    ...Object.entries(PLATFORMS).map(([type, field]) => onPlatform(type, field)),
  ),
  'project.getOAuth2Provider': { project_provider_unsupported: ask('get', '/oauth2/yammer') },
  ...Object.fromEntries(
    PROVIDERS.map(({ id, sdk }) => [
      `project.updateOAuth2${sdk}`,
      { general_argument_invalid: ask('patch', `/oauth2/${id}`, { enabled: true }) },
    ]),
  ),
  'project.updateSMTP': {
    general_argument_invalid: ask('patch', '/smtp', { enabled: true }),
    project_smtp_config_invalid: ask('patch', '/smtp', {
      ...{ host: 'localhost', port: 70_000, senderEmail: 'a@example.org', enabled: true },
    }),
  },
  'project.createSMTPTest': {
    general_argument_invalid: ask('post', '/smtp/tests', { emails: [] }),
    general_smtp_disabled: async (w) => {
      const smtp = { enabled: true, host: 'localhost', port: 1, senderEmail: 'a@example.org' }
      for (const [name, value] of Object.entries(smtp)) await w.set(`smtp:${name}`, value)
      await w.set('smtp:password', btoa('sealed under another secret'))
      return ask('post', '/smtp/tests', { emails: [] })(w)
    },
  },
  'project.updateEmailTemplate': {
    general_argument_invalid: ask('patch', '/templates/email', { templateId: 'recovery' }),
  },
  'project.createMockPhone': {
    mock_number_already_exists: ask('post', '/mock-phones', MOCK),
    mock_number_limit_exceeded: async (w) => {
      await w.env.DB.prepare(
        `with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000)
         insert into mock_numbers (number, otp, created_at, updated_at)
         select '+49151' || (20000000 + i), '123456', 0, 0 from n`,
      ).run()
      return ask('post', '/mock-phones', { ...MOCK, number: '+4915199999999' })(w)
    },
  },
  'project.getMockPhone': { mock_number_not_found: ask('get', '/mock-phones/4915112345679') },
  'project.updateMockPhone': {
    mock_number_not_found: ask('put', '/mock-phones/4915112345679', { otp: '123456' }),
  },
  'project.deleteMockPhone': {
    mock_number_not_found: ask('delete', '/mock-phones/4915112345679'),
  },
  'project.listVariables': lists('/variables'),
  'project.createVariable': { variable_already_exists: ask('post', '/variables', VARIABLE) },
  'project.getVariable': { variable_not_found: ask('get', '/variables/none') },
  'project.updateVariable': {
    general_argument_invalid: ask('put', '/variables/v', {}),
    variable_already_exists: ask('put', '/variables/v', { key: 'W' }),
    variable_cannot_unset_secret: ask('put', '/variables/v', { secret: false }),
    variable_not_found: ask('put', '/variables/none', {}),
  },
  'project.deleteVariable': { variable_not_found: ask('delete', '/variables/none') },
}

/** A project with one of everything. */
async function scene() {
  const w = await projectWorld()
  await ask('post', '/keys', KEY)(w)
  await ask('post', '/platforms/web', { platformId: 'web', name: 'P', hostname: 'x' })(w)
  await ask('post', '/platforms/linux', { platformId: 'linux', name: 'P', packageName: 'x' })(w)
  await ask('post', '/variables', VARIABLE)(w)
  await ask('post', '/variables', { ...VARIABLE, variableId: 'w', key: 'W' })(w)
  await w.db.insert(mockNumbers).values({ ...MOCK, createdAt: NOW, updatedAt: NOW })
  return w
}

const served = ROUTES.map(({ spec }) => spec).filter(({ name }) => name.startsWith('project.'))

const listed = [
  ...Object.values<Json>((api as Json).paths)
    .flatMap((methods: Json) => Object.values<Json>(methods))
    .filter(({ operationId }) => operationId.startsWith('project.'))
    .flatMap(({ operationId, 'x-errors': types = [] }) =>
      types.map((type: string) => [operationId, type] as const),
    ),
  ...served.flatMap(({ name, errors }) => errors.map((type) => [name, type] as const)),
]

test('every error of the contract and of each route is provoked, or cannot arise for a stated reason', () => {
  const isCovered = ([name, type]: readonly [string, string]) =>
    CANNOT_ARISE[`${name} ${type}`] || PROVOKED[name]?.[type]
  expect(listed.filter((one) => !isCovered(one))).toEqual([])
})

test.each(
  Object.entries(PROVOKED).flatMap(([name, types]) =>
    Object.entries(types).map(([type, provoke]) => [name, type, provoke] as const),
  ),
)('%s answers %s', async (_, type, provoke) => {
  const w = await scene()
  const { body } = await provoke(w)
  expect(body).toEqual(errorBody(type))
})

/** Returns a path of a route that names something. */
const pathOf = (path: string) => path.replace(/:\w+/g, '4915112345678')

test.each(served.map((spec) => [spec.name, spec] as const))(
  '%s is refused to guests, users, ephemeral guests and keys of other scopes',
  async (_, { method, path, aliases = [], scopes }) => {
    const w = await scene()
    const { headers: session } = await w.signedIn()
    const { headers: impersonator } = await w.signedIn({ impersonator: true })
    const others = ['users.read', 'files.write', 'webhooks.write'].concat(
      served.flatMap((spec) => spec.scopes).filter((scope) => !scopes.includes(scope)),
    )
    const body = method === 'get' ? undefined : {}
    const strangers: Record<string, string>[] = [
      GUEST_HEADERS,
      session,
      { ...impersonator, 'X-Appwrite-Impersonate-User-Id': 'x' },
      { 'X-Appwrite-Key': 'ephemeral_x.y.z' },
      await w.key(...others),
    ]
    for (const at of [path, ...aliases]) {
      for (const headers of strangers) {
        const answer = await w.send(method, pathOf(at), body, headers)
        expect([answer.status, answer.body.type]).toEqual([401, 'general_unauthorized_scope'])
      }
      const right = await w.key(scopes.at(-1) ?? '')
      const allowed = await w.send(method, pathOf(at), body, right)
      expect(allowed.body?.type).not.toBe('general_unauthorized_scope')
      const elsewhere = { ...right, 'X-Appwrite-Project': 'console' }
      const refused = await w.send(method, pathOf(at), body, elsewhere)
      expect([refused.status, refused.body.type]).toEqual([403, 'project_id_missing'])
    }
  },
)

test('the settings of an identity provider of its own are not served', async () => {
  const w = await scene()
  const answer = await w.send('put', '/project/oauth2-server', { enabled: true })
  expect([answer.status, answer.body.type]).toEqual([404, 'general_route_not_found'])
})
