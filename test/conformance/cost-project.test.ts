import { expect, test } from 'vitest'
import { carriers } from '#test/support/mail'
import { projectWorld } from '#test/support/project'
import { type Answer, ROOT, type World } from '#test/support/world'

type Ran = Promise<Answer & { trips: number }>

/** Requests in their order, and how many round trips each may take beside that which knows the caller. */
const REQUESTS: [name: string, most: number, method: string, path: string, body?: unknown][] = [
  ['get', 1, 'get', ''],
  ['updateLabels', 1, 'put', '/labels', { labels: ['a'] }],
  ['updateAuthMethod', 1, 'patch', '/auth-methods/jwt', { enabled: false }],
  ['updateService', 1, 'patch', '/services/teams', { enabled: false }],
  ['updateProtocol', 1, 'patch', '/protocols/graphql', { enabled: false }],
  ['listPolicies', 0, 'get', '/policies'],
  ['getPolicy', 0, 'get', '/policies/user-limit'],
  ['updateUserLimitPolicy', 1, 'patch', '/policies/user-limit', { total: 1 }],
  ['updatePasswordStrengthPolicy', 1, 'patch', '/policies/password-strength', { min: 9 }],
  ['listKeys', 1, 'get', '/keys'],
  ['getKey', 1, 'get', '/keys/k'],
  ['updateKey', 1, 'put', '/keys/k', { name: 'x', scopes: [] }],
  ['createEphemeralKey', 0, 'post', '/keys/ephemeral', { scopes: [], duration: 1 }],
  ['deleteKey', 1, 'delete', '/keys/k'],
  ['createWebPlatform', 1, 'post', '/platforms/web', { platformId: 'p', name: 'x', hostname: 'x' }],
  ['listPlatforms', 1, 'get', '/platforms'],
  ['getPlatform', 1, 'get', '/platforms/p'],
  ['updateWebPlatform', 1, 'put', '/platforms/web/p', { name: 'y', hostname: 'y' }],
  ['deletePlatform', 1, 'delete', '/platforms/p'],
  ['listOAuth2Providers', 1, 'get', '/oauth2'],
  ['getOAuth2Provider', 1, 'get', '/oauth2/slack'],
  ['updateOAuth2Slack', 2, 'patch', '/oauth2/slack', { clientId: 'a', clientSecret: 'b' }],
  [
    'updateSMTP',
    2,
    'patch',
    '/smtp',
    { host: 'localhost', port: carriers.ports.plain, senderEmail: 'a@example.org' },
  ],
  ['createSMTPTest', 0, 'post', '/smtp/tests', { emails: [] }],
  [
    'updateEmailTemplate',
    2,
    'patch',
    '/templates/email',
    { templateId: 'recovery', subject: 'x', message: 'y' },
  ],
  ['listEmailTemplates', 1, 'get', '/templates/email'],
  ['getEmailTemplate', 1, 'get', '/templates/email/recovery'],
  ['createMockPhone', 1, 'post', '/mock-phones', { number: '+4915112345678', otp: '123456' }],
  ['listMockPhones', 1, 'get', '/mock-phones'],
  ['getMockPhone', 1, 'get', '/mock-phones/4915112345678'],
  ['updateMockPhone', 1, 'put', '/mock-phones/4915112345678', { otp: '654321' }],
  ['deleteMockPhone', 1, 'delete', '/mock-phones/4915112345678'],
  ['createVariable', 1, 'post', '/variables', { variableId: 'v', key: 'x', value: 'y' }],
  ['listVariables', 1, 'get', '/variables'],
  ['getVariable', 1, 'get', '/variables/v'],
  ['updateVariable', 2, 'put', '/variables/v', { value: 'z' }],
  ['deleteVariable', 1, 'delete', '/variables/v'],
]

test('D1 round trips of the Project service stay within their budget', async () => {
  const w: World = await projectWorld()
  const scopes = [
    'project',
    'keys',
    'platforms',
    'mocks',
    'policies',
    'project.oauth2',
    'templates',
  ]
  const key = await w.key(...scopes.flatMap((name) => [`${name}.read`, `${name}.write`]))
  await w.send('get', '/project', undefined, key) // its first use of a day is noted
  const send = (method: string, path: string, body?: unknown, headers = key): Ran =>
    w.send(method, `/project${path}`, body, headers)
  const made = await send('post', '/keys', { keyId: 'k', name: 'x', scopes: [] }, ROOT)
  expect([made.status, made.trips]).toEqual([201, 1])
  const rows: string[] = []
  for (const [name, most, method, path, body] of REQUESTS) {
    const { trips, status } = await send(method, path, body)
    rows.push(`${name.padEnd(30)}${trips}`)
    expect(status, name).toBeLessThan(300)
    expect(trips, name).toBeLessThanOrEqual(1 + most)
  }
  console.info(`D1 round trips, the caller's key included\n${rows.join('\n')}`)
})
