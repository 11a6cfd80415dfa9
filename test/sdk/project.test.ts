import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import {
  Account,
  Client,
  Project,
  ProjectAuthMethodId,
  ProjectEmailTemplateId,
  ProjectEmailTemplateLocale,
  ProjectKeyScopes,
  ProjectOAuth2GooglePrompt,
  ProjectOAuth2OidcPrompt,
  ProjectOAuthProviderId,
  ProjectPolicyId,
  ProjectProtocolId,
  ProjectServiceId,
  ProjectSMTPSecure,
  Query,
  Users,
} from 'node-appwrite'
import PostalMime from 'postal-mime'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import api from '#test/contract/api-project.json'
import { after, realClock } from '#test/support/clock'
import { startServer } from '#test/support/serve'
import { type ReceivedMail, startCarriers } from '#test/support/smtp'
import { SMTP_PASSWORD, SMTP_USER } from '#test/support/smtp-login'
import type { Json } from '#test/support/world'

// Settings rule over every other test, so this one has a server of its own.
let server: Awaited<ReturnType<typeof startServer>>
let carriers: Awaited<ReturnType<typeof startCarriers>>
beforeAll(async () => {
  server = await startServer()
  carriers = await startCarriers()
}, 60_000)
afterAll(async () => {
  carriers.stop()
  await server.stop()
})

const contract: Json = structuredClone(api)
// Differs: the secret of a key is shown once.
delete contract.components.schemas.key.properties.secret.pattern
const ajv = new Ajv2020({ strict: false })
addFormats.default(ajv)
ajv.addSchema(contract, 'contract')

const checks = new Map(
  Object.values<Json>(contract.paths)
    .flatMap((methods) => Object.values<Json>(methods))
    .flatMap((operation) => {
      const media = Object.entries<Json>(operation.responses).find(
        ([status]) => status < '300',
      )?.[1]
      const schema = media?.content?.['application/json'].schema
      const text = JSON.stringify(schema ?? {}).replaceAll('"#/', '"contract#/')
      const names: string[] = operation['x-sdk']?.node ?? []
      return names.map((name) => [name, schema && ajv.compile(JSON.parse(text))] as const)
    }),
)

const called = new Set<string>()

/** Returns the SDK's class, unmodified, with every answer checked against the contract. */
function projectAs(key: string): Project {
  const project = new Project(
    new Client().setEndpoint(server.endpoint).setProject('edgewrite').setKey(key),
  )
  return new Proxy(project, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name)
      if (typeof method !== 'function') return method
      return async (...args: unknown[]) => {
        const answer: unknown = await method.apply(target, args)
        const check = checks.get(`project.${String(name)}`)
        const problems = check && !check(answer) ? check.errors : []
        if (problems?.length) throw new Error(`${String(name)}: ${JSON.stringify(problems)}`)
        called.add(String(name))
        return answer
      }
    },
  })
}
const root = () => projectAs(server.apiKey)

const failure = (code: number, type: string) => expect.objectContaining({ code, type })

test('shows, labels and refuses to delete the project', async () => {
  const project = await root().get()
  expect(project).toMatchObject({ $id: 'edgewrite', status: 'active' })
  expect(realClock().getTime() - Date.parse(project.$createdAt)).toBeLessThan(600_000)
  expect((await root().updateLabels({ labels: ['a', 'b'] })).labels).toEqual(['a', 'b'])
  const deletion = root().delete()
  called.add('delete')
  await expect(deletion).rejects.toEqual(failure(401, 'general_access_forbidden'))
})

test('switches methods, services and protocols', async () => {
  const off = { enabled: false }
  const { authMethods } = await root().updateAuthMethod({
    ...{ methodId: ProjectAuthMethodId.Phone, ...off },
  })
  expect(authMethods.find(({ $id }) => $id === 'phone')?.enabled).toBe(false)
  const { services } = await root().updateService({ serviceId: ProjectServiceId.Vcs, ...off })
  expect(services.find(({ $id }) => $id === 'vcs')?.enabled).toBe(false)
  const { protocols } = await root().updateProtocol({
    ...{ protocolId: ProjectProtocolId.Graphql, ...off },
  })
  expect(protocols.find(({ $id }) => $id === 'graphql')?.enabled).toBe(false)
  for (const serviceId of Object.values(ProjectServiceId)) {
    const asked = root().updateService({ serviceId, enabled: true })
    if (serviceId === ProjectServiceId.Oauth2) {
      await expect(asked).rejects.toEqual(failure(400, 'general_argument_invalid'))
    } else {
      const found = (await asked).services.find(({ $id }) => $id === serviceId)
      expect(found?.enabled).toBe(true)
    }
  }
})

describe('keys', () => {
  test('are made by the deployment’s key, shown once, and open what they say', async () => {
    const made = await root().createKey({
      ...{
        keyId: 'ci',
        name: 'CI',
        scopes: [ProjectKeyScopes.UsersRead, ProjectKeyScopes.KeysRead],
      },
      expire: after(60, realClock()).toISOString(),
    })
    expect(made.secret).toMatch(/^standard_[0-9a-f]{256}$/)
    const own = projectAs(made.secret)
    expect(await own.getKey({ keyId: 'ci' })).toMatchObject({
      ...{ secret: '', sdks: ['Node.js'], name: 'CI' },
    })
    const { total, keys } = await own.listKeys({ queries: [Query.equal('name', 'CI')] })
    expect([total, keys[0]?.$id]).toEqual([1, 'ci'])
    await expect(own.get()).rejects.toEqual(failure(401, 'general_unauthorized_scope'))
    const users = new Users(
      new Client().setEndpoint(server.endpoint).setProject('edgewrite').setKey(made.secret),
    )
    expect((await users.list()).total).toBe(0)
    await root().updateKey({ keyId: 'ci', name: 'CI', scopes: [] })
    await expect(users.list()).rejects.toEqual(failure(401, 'general_unauthorized_scope'))
    await root().deleteKey({ keyId: 'ci' })
    await expect(own.getKey({ keyId: 'ci' })).rejects.toEqual(failure(401, 'user_unauthorized'))
  })
  test('make none and widen nothing', async () => {
    const scopes = [ProjectKeyScopes.KeysWrite]
    const { secret } = await root().createKey({ keyId: 'small', name: 'x', scopes })
    const small = projectAs(secret)
    const denied = failure(403, 'key_creation_denied')
    const wide = [ProjectKeyScopes.UsersWrite]
    await expect(small.createKey({ keyId: 'n', name: 'x', scopes })).rejects.toEqual(denied)
    await expect(small.updateKey({ keyId: 'small', name: 'x', scopes: wide })).rejects.toEqual(
      denied,
    )
    await expect(small.createEphemeralKey({ scopes: wide, duration: 60 })).rejects.toEqual(denied)
    const brief = await small.createEphemeralKey({ scopes, duration: 60 })
    expect(brief.secret).toMatch(/^ephemeral_/)
    await expect(projectAs(brief.secret).deleteKey({ keyId: 'none' })).rejects.toEqual(
      failure(404, 'key_not_found'),
    )
  })
  test('take every scope that the SDK names', async () => {
    const scopes = Object.values(ProjectKeyScopes)
    const made = await root().createKey({ keyId: 'all', name: 'All', scopes })
    expect(made.scopes).toEqual(scopes)
    await expect(root().createKey({ keyId: 'all', name: 'x', scopes })).rejects.toEqual(
      failure(409, 'key_already_exists'),
    )
  })
})

test('registers, changes and removes platforms of every type', async () => {
  const all = root()
  const name = 'App'
  const made = [
    await all.createWebPlatform({ platformId: 'web', name, hostname: 'app.example.net' }),
    await all.createApplePlatform({ platformId: 'apple', name, bundleIdentifier: 'a.b' }),
    await all.createAndroidPlatform({ platformId: 'android', name, applicationId: 'a.b' }),
    await all.createWindowsPlatform({ platformId: 'windows', name, packageIdentifierName: 'a.b' }),
    await all.createLinuxPlatform({ platformId: 'linux', name, packageName: 'a.b' }),
  ]
  expect(made.map(({ type }) => type)).toEqual(['web', 'apple', 'android', 'windows', 'linux'])
  expect(await all.listPlatforms({})).toMatchObject({ total: 5, platforms: made })
  const changed = [
    await all.updateWebPlatform({ platformId: 'web', name: 'Two', hostname: '*.example.net' }),
    await all.updateApplePlatform({ platformId: 'apple', name: 'Two', bundleIdentifier: 'c' }),
    await all.updateAndroidPlatform({ platformId: 'android', name: 'Two', applicationId: 'c' }),
    await all.updateWindowsPlatform({
      ...{ platformId: 'windows', name: 'Two', packageIdentifierName: 'c' },
    }),
    await all.updateLinuxPlatform({ platformId: 'linux', name: 'Two', packageName: 'c' }),
  ]
  for (const platform of changed) {
    expect(platform.name).toBe('Two')
    expect(await all.getPlatform({ platformId: platform.$id })).toEqual(platform)
    await all.deletePlatform({ platformId: platform.$id })
  }
  await expect(all.getPlatform({ platformId: 'web' })).rejects.toEqual(
    failure(404, 'platform_not_found'),
  )
})

test('changes every policy and reads it back', async () => {
  const all = root()
  const policy = (policyId: ProjectPolicyId) => all.getPolicy({ policyId })
  expect((await all.listPolicies({})).total).toBe(15)
  await all.updatePasswordDictionaryPolicy({ enabled: true })
  await all.updatePasswordHistoryPolicy({ total: 5 })
  await all.updatePasswordPersonalDataPolicy({ enabled: true })
  expect(await all.updatePasswordStrengthPolicy({ min: 10, number: true })).toEqual({
    ...{ $id: 'password-strength', min: 10, uppercase: false, lowercase: false },
    ...{ number: true, symbols: false },
  })
  await all.updateSessionAlertPolicy({ enabled: true })
  await all.updateSessionDurationPolicy({ duration: 3600 })
  await all.updateSessionInvalidationPolicy({ enabled: false })
  await all.updateSessionLimitPolicy({ total: 3 })
  await all.updateUserLimitPolicy({ total: 7 })
  await all.updateMembershipPrivacyPolicy({ userName: true })
  await all.updateDenyAliasedEmailPolicy({ enabled: true })
  await all.updateDenyDisposableEmailPolicy({ enabled: true })
  await all.updateDenyFreeEmailPolicy({ enabled: true })
  await all.updateDenyCorporateEmailPolicy({ enabled: false })
  expect(await policy(ProjectPolicyId.Passwordhistory)).toMatchObject({ total: 5 })
  expect(await policy(ProjectPolicyId.Sessionlimit)).toMatchObject({ total: 3 })
  expect(await policy(ProjectPolicyId.Userlimit)).toMatchObject({ total: 7 })
  expect(await policy(ProjectPolicyId.Membershipprivacy)).toMatchObject({ userName: true })
  const ids = (await all.listPolicies({})).policies.map(({ $id }) => $id)
  for (const policyId of Object.values(ProjectPolicyId)) {
    expect(ids).toContain(policyId)
    await policy(policyId)
  }
  const account = new Account(new Client().setEndpoint(server.endpoint).setProject('edgewrite'))
  const signUp = (email: string, password: string) =>
    account.create({ userId: 'unique()', email, password, name: 'Ann' })
  await expect(signUp('jack@gmail.com', 'n0t-too-weak')).rejects.toEqual(
    failure(400, 'user_email_free'),
  )
  await expect(signUp('jack@example.com', 'too-weak-a')).rejects.toEqual(
    failure(400, 'general_argument_invalid'),
  )
  expect((await signUp('jack@example.com', 'n0t-too-weak')).email).toBe('jack@example.com')
  await expect(all.updateSessionLimitPolicy({ total: 0 })).rejects.toEqual(
    failure(400, 'general_argument_invalid'),
  )
})

test('sets up every sign-in provider', async () => {
  const all = root()
  const client = { clientId: 'id', clientSecret: 'shh' }
  const url = 'https://id.example.net/x'
  const enabled = [
    await all.updateOAuth2Amazon(client),
    await all.updateOAuth2Apple({ serviceId: 'id', keyId: 'k', teamId: 't', p8File: 'shh' }),
    await all.updateOAuth2Appwrite(client),
    await all.updateOAuth2Auth0({ ...client, endpoint: 'x.auth0.com' }),
    await all.updateOAuth2Authentik({ ...client, endpoint: 'id.example.net' }),
    await all.updateOAuth2Autodesk(client),
    await all.updateOAuth2Bitbucket({ key: 'id', secret: 'shh' }),
    await all.updateOAuth2Bitly(client),
    await all.updateOAuth2Box(client),
    await all.updateOAuth2Dailymotion({ apiKey: 'id', apiSecret: 'shh' }),
    await all.updateOAuth2Discord(client),
    await all.updateOAuth2Disqus({ publicKey: 'id', secretKey: 'shh' }),
    await all.updateOAuth2Dropbox({ appKey: 'id', appSecret: 'shh' }),
    await all.updateOAuth2Etsy({ keyString: 'id', sharedSecret: 'shh' }),
    await all.updateOAuth2Facebook({ appId: 'id', appSecret: 'shh' }),
    await all.updateOAuth2Figma(client),
    await all.updateOAuth2FusionAuth({ ...client, endpoint: 'id.example.net' }),
    await all.updateOAuth2Gitlab({ applicationId: 'id', secret: 'shh', endpoint: url }),
    await all.updateOAuth2Google({ ...client, prompt: [ProjectOAuth2GooglePrompt.Consent] }),
    await all.updateOAuth2Keycloak({ ...client, endpoint: 'id.example.net', realmName: 'r' }),
    await all.updateOAuth2Kick(client),
    await all.updateOAuth2Linkedin({ clientId: 'id', primaryClientSecret: 'shh' }),
    await all.updateOAuth2Microsoft({
      ...{ applicationId: 'id', applicationSecret: 'shh', tenant: 'common' },
    }),
    await all.updateOAuth2Notion({ oauthClientId: 'id', oauthClientSecret: 'shh' }),
    await all.updateOAuth2Oidc({
      ...{ ...client, authorizationURL: url, tokenURL: url, userInfoURL: url },
      ...{ prompt: [ProjectOAuth2OidcPrompt.Login], maxAge: 60 },
    }),
    await all.updateOAuth2Okta({ ...client, domain: 'x.okta.com' }),
    await all.updateOAuth2Paypal({ clientId: 'id', secretKey: 'shh' }),
    await all.updateOAuth2PaypalSandbox({ clientId: 'id', secretKey: 'shh' }),
    await all.updateOAuth2Podio(client),
    await all.updateOAuth2Salesforce({ customerKey: 'id', customerSecret: 'shh' }),
    await all.updateOAuth2Slack(client),
    await all.updateOAuth2Spotify(client),
    await all.updateOAuth2Stripe({ clientId: 'id', apiSecretKey: 'shh' }),
    await all.updateOAuth2Tradeshift({ oauth2ClientId: 'id', oauth2ClientSecret: 'shh' }),
    await all.updateOAuth2TradeshiftSandbox({ oauth2ClientId: 'id', oauth2ClientSecret: 'shh' }),
    await all.updateOAuth2Twitch(client),
    await all.updateOAuth2WordPress(client),
    await all.updateOAuth2X({ customerKey: 'id', secretKey: 'shh' }),
    await all.updateOAuth2Yahoo(client),
    await all.updateOAuth2Yandex(client),
    await all.updateOAuth2Zoho(client),
    await all.updateOAuth2Zoom(client),
  ]
  for (const provider of enabled) {
    expect(provider.enabled, provider.$id).toBe(true)
    expect(JSON.stringify(provider)).not.toContain('shh')
  }
  // GitHub is asked about its clients, which a test cannot count on.
  const github = await all.updateOAuth2GitHub({ ...client, enabled: false })
  expect(github).toEqual({ $id: 'github', enabled: false, clientId: 'id', clientSecret: '' })
  const { total, providers } = await all.listOAuth2Providers({})
  expect([total, providers.filter((one) => one.enabled).length]).toEqual([44, 42])
  for (const providerId of Object.values(ProjectOAuthProviderId)) {
    const asked = all.getOAuth2Provider({ providerId })
    if (providerId === ProjectOAuthProviderId.Yammer) {
      await expect(asked).rejects.toEqual(failure(400, 'project_provider_unsupported'))
    } else expect((await asked).$id).toBe(providerId)
  }
})

describe('mail', () => {
  const received = async (to: string) => {
    const answer = await fetch(`${carriers.carriers.http}/mails/${to}`)
    const [mail] = (await answer.json()) as ReceivedMail[]
    if (!mail) throw new Error(`No mail reached ${to}.`)
    return PostalMime.parse(Buffer.from(mail.raw, 'base64'))
  }
  test('goes through a server of the project’s own, with its texts', async () => {
    const all = root()
    const template = {
      ...{ templateId: ProjectEmailTemplateId.Recovery, subject: 'New password' },
      message: '<p><a href="{{redirect}}">Choose</a></p>',
    }
    await expect(all.updateEmailTemplate(template)).rejects.toEqual(
      failure(400, 'general_argument_invalid'),
    )
    await expect(all.createSMTPTest({ emails: [] })).rejects.toEqual(
      failure(400, 'general_argument_invalid'),
    )
    const smtp = { host: 'localhost', senderEmail: 'post@example.org', senderName: 'Post' }
    const { ports } = carriers.carriers
    const login = { username: SMTP_USER, password: SMTP_PASSWORD, secure: ProjectSMTPSecure.Ssl }
    const wrong = all.updateSMTP({
      ...{ ...smtp, ...login, port: ports.tls, password: 'wrong', enabled: true },
    })
    await expect(wrong).rejects.toEqual(failure(400, 'project_smtp_config_invalid'))
    const set = await all.updateSMTP({ ...smtp, ...login, port: ports.tls })
    expect([set.smtpEnabled, set.smtpHost, set.smtpPassword]).toEqual([true, 'localhost', ''])
    await all.createSMTPTest({ emails: ['sdk-test@example.org'] })
    const test = await vi.waitFor(() => received('sdk-test@example.org'), 10_000)
    expect(test.from).toEqual({ name: 'Post', address: 'post@example.org' })

    expect(await all.updateEmailTemplate(template)).toMatchObject({ locale: 'en', ...template })
    const { total, templates } = await all.listEmailTemplates({})
    expect([total, templates[0]?.templateId]).toEqual([1, 'recovery'])
    for (const templateId of Object.values(ProjectEmailTemplateId)) {
      const locale = ProjectEmailTemplateLocale.De
      expect((await all.getEmailTemplate({ templateId, locale })).locale).toBe('de')
    }
    const client = new Client().setEndpoint(server.endpoint).setProject('edgewrite')
    const users = new Users(
      new Client().setEndpoint(server.endpoint).setProject('edgewrite').setKey(server.apiKey),
    )
    await users.create({ userId: 'unique()', email: 'forgetful@example.org' })
    await new Account(client).createRecovery({
      ...{ email: 'forgetful@example.org', url: 'http://localhost/reset' },
    })
    const mail = await received('forgetful@example.org')
    expect([mail.subject, mail.from?.address]).toEqual(['New password', 'post@example.org'])
    expect(mail.html).toMatch(/<a href="http:\/\/localhost\/reset\?[^"]*secret=/)
  })
})

test('keeps codes for phone numbers', async () => {
  const all = root()
  const number = '+4915112345678'
  await all.createMockPhone({ number, otp: '123456' })
  await expect(all.createMockPhone({ number, otp: '123456' })).rejects.toEqual(
    failure(409, 'mock_number_already_exists'),
  )
  expect(await all.updateMockPhone({ number, otp: '654321' })).toMatchObject({ otp: '654321' })
  expect(await all.getMockPhone({ number })).toMatchObject({ number, otp: '654321' })
  expect((await all.listMockPhones({})).mockNumbers).toHaveLength(1)
  await all.deleteMockPhone({ number })
  await expect(all.getMockPhone({ number })).rejects.toEqual(failure(404, 'mock_number_not_found'))
})

test('keeps variables', async () => {
  const all = root()
  const made = await all.createVariable({ variableId: 'v', key: 'COLOUR', value: 'red' })
  expect([made.secret, made.value]).toEqual([true, ''])
  await all.createVariable({ variableId: 'w', key: 'SIZE', value: 'xl', secret: false })
  expect((await all.getVariable({ variableId: 'w' })).value).toBe('xl')
  expect((await all.updateVariable({ variableId: 'w', value: 's' })).value).toBe('s')
  expect((await all.listVariables({ queries: [Query.equal('key', 'SIZE')] })).total).toBe(1)
  await expect(all.updateVariable({ variableId: 'v', secret: false })).rejects.toEqual(
    failure(400, 'variable_cannot_unset_secret'),
  )
  await all.deleteVariable({ variableId: 'v' })
  await expect(all.getVariable({ variableId: 'v' })).rejects.toEqual(
    failure(404, 'variable_not_found'),
  )
})

test('every method of the SDK was called, but for the one of hosted projects', async () => {
  const server = root().updateOAuth2Server({ enabled: true, authorizationUrl: 'https://x.example' })
  await expect(server).rejects.toEqual(failure(404, 'general_route_not_found'))
  const methods = Object.getOwnPropertyNames(Project.prototype).filter(
    (name) => !['constructor', 'updateOAuth2Server'].includes(name),
  )
  expect(methods.filter((name) => !called.has(name))).toEqual([])
  expect(methods).toHaveLength(101)
})
