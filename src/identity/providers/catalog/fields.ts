/**
 * What a setting of a provider beside its ID and secret may be. `key` is what the sign-in flow calls it
 * (docs/contract/project.md §8.2, docs/contract/account.md §12).
 */
export type Extra =
  | { kind: 'text'; key: string; max: number; hidden?: true }
  /** `base`: where addresses begin, with scheme and path or without. */
  | { kind: 'url' | 'domain'; key: string }
  | { kind: 'base'; key: string; max: number }
  | {
      kind: 'prompt'
      choices: readonly string[]
      least: number
      initial: readonly string[]
    }
  | { kind: 'seconds' }

/** How a sign-in provider is set up: what its settings are called, and what it cannot do without. */
export type Provider = {
  id: string
  /** Ends the SDKs' method name `updateOAuth2…` and the model's name `oAuth2…`. */
  sdk: string
  /** Ends the model's name where that is another one. */
  model?: string
  idField: string
  /** Undefined where the extras hold the secret. */
  secretField: string | undefined
  extras: Readonly<Record<string, Extra>>
  /** Fields without which it cannot be enabled; of several lists any one will do. */
  needs: readonly (readonly string[])[]
}

const text = (key: string): Extra => ({ kind: 'text', key, max: 256 })
const base = (key: string): Extra => ({ kind: 'base', key, max: 256 })
const url = (key: string): Extra => ({ kind: 'url', key })

/** Makes a provider that needs its ID and secret, and of the extras those that `needs` names. */
const provider = (
  id: string,
  sdk: string,
  [idField, secretField]: readonly [string, string] = ['clientId', 'clientSecret'],
  extras: Provider['extras'] = {},
  needs: readonly (readonly string[])[] = [[]],
): Provider => ({
  id,
  sdk,
  idField,
  secretField,
  extras,
  needs: needs.map((fields) => [idField, secretField, ...fields]),
})

const CLIENT = ['clientId', 'clientSecret'] as const

/** Every provider that an owner can set up, in the order of lists (docs/contract/project.md §8.1). */
export const PROVIDERS: readonly Provider[] = [
  provider('amazon', 'Amazon'),
  {
    id: 'apple',
    sdk: 'Apple',
    idField: 'serviceId',
    secretField: undefined,
    extras: {
      keyId: text('keyID'),
      teamId: text('teamID'),
      p8File: { kind: 'text', key: 'p8', max: 4096, hidden: true },
    },
    needs: [['serviceId', 'keyId', 'teamId', 'p8File']],
  },
  provider('appwrite', 'Appwrite'),
  provider('auth0', 'Auth0', CLIENT, { endpoint: base('auth0Domain') }),
  provider('authentik', 'Authentik', CLIENT, { endpoint: base('authentikDomain') }, [['endpoint']]),
  provider('autodesk', 'Autodesk'),
  provider('bitbucket', 'Bitbucket', ['key', 'secret']),
  provider('bitly', 'Bitly'),
  provider('box', 'Box'),
  provider('dailymotion', 'Dailymotion', ['apiKey', 'apiSecret']),
  provider('discord', 'Discord'),
  provider('disqus', 'Disqus', ['publicKey', 'secretKey']),
  provider('dropbox', 'Dropbox', ['appKey', 'appSecret']),
  provider('etsy', 'Etsy', ['keyString', 'sharedSecret']),
  provider('facebook', 'Facebook', ['appId', 'appSecret']),
  provider('figma', 'Figma'),
  provider('fusionauth', 'FusionAuth', CLIENT, { endpoint: base('fusionAuthDomain') }, [
    ['endpoint'],
  ]),
  { ...provider('github', 'GitHub'), model: 'Github' },
  provider('gitlab', 'Gitlab', ['applicationId', 'secret'], { endpoint: url('endpoint') }),
  provider('google', 'Google', CLIENT, {
    prompt: {
      kind: 'prompt',
      choices: ['none', 'consent', 'select_account'],
      least: 1,
      initial: ['consent'],
    },
  }),
  provider('huggingface', 'HuggingFace'),
  provider(
    'keycloak',
    'Keycloak',
    CLIENT,
    { endpoint: base('keycloakDomain'), realmName: text('keycloakRealm') },
    [['endpoint', 'realmName']],
  ),
  provider('kick', 'Kick'),
  provider('linkedin', 'Linkedin', ['clientId', 'primaryClientSecret']),
  provider(
    'microsoft',
    'Microsoft',
    ['applicationId', 'applicationSecret'],
    { tenant: text('tenantID') },
    [['tenant']],
  ),
  provider('notion', 'Notion', ['oauthClientId', 'oauthClientSecret']),
  provider(
    'oidc',
    'Oidc',
    CLIENT,
    {
      wellKnownURL: url('wellKnownEndpoint'),
      authorizationURL: url('authorizationEndpoint'),
      tokenURL: url('tokenEndpoint'),
      userInfoURL: url('userInfoEndpoint'),
      prompt: {
        kind: 'prompt',
        choices: ['none', 'login', 'consent', 'select_account'],
        least: 0,
        initial: [],
      },
      maxAge: { kind: 'seconds' },
    },
    [['wellKnownURL'], ['authorizationURL', 'tokenURL', 'userInfoURL']],
  ),
  provider(
    'okta',
    'Okta',
    CLIENT,
    {
      domain: { kind: 'domain', key: 'oktaDomain' },
      authorizationServerId: text('authorizationServerId'),
    },
    [['domain']],
  ),
  provider('paypal', 'Paypal', ['clientId', 'secretKey']),
  { ...provider('paypalSandbox', 'PaypalSandbox', ['clientId', 'secretKey']), model: 'Paypal' },
  provider('podio', 'Podio'),
  provider('salesforce', 'Salesforce', ['customerKey', 'customerSecret']),
  provider('slack', 'Slack'),
  provider('spotify', 'Spotify'),
  provider('stripe', 'Stripe', ['clientId', 'apiSecretKey']),
  provider('tradeshift', 'Tradeshift', ['oauth2ClientId', 'oauth2ClientSecret']),
  {
    ...provider('tradeshiftBox', 'TradeshiftSandbox', ['oauth2ClientId', 'oauth2ClientSecret']),
    model: 'Tradeshift',
  },
  provider('twitch', 'Twitch'),
  provider('wordpress', 'WordPress'),
  provider('x', 'X', ['customerKey', 'secretKey']),
  provider('yahoo', 'Yahoo'),
  provider('yandex', 'Yandex'),
  provider('zoho', 'Zoho'),
  provider('zoom', 'Zoom'),
]

const byId = new Map(PROVIDERS.map((provider) => [provider.id, provider]))

/** Returns the provider with an ID. */
export const providerOf = (id: string): Provider | undefined => byId.get(id)
