import { importPKCS8, SignJWT } from 'jose'
import { type ClientAuth, ClientSecretBasic } from 'oauth4webapi'
import type { Provider } from '#/identity/providers/catalog/provider'
import { basicAuth } from '#/lib/basic-auth'

const MINUTES = 5

/** Writes a key as PEM, which owners paste without its lines. */
function asPem(key: string): string {
  const base64 = key
    .replace(/-----(BEGIN|END) [A-Z ]+-----/g, '')
    .replaceAll('\\n', '')
    .replace(/\s/g, '')
  const lines = base64.match(/.{1,64}/g) ?? []
  return ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----'].join('\n')
}

/**
 * Makes the client secret that Apple wants: a JWT signed with the owner's key. Differs: upstream's is good
 * for half a year; one request needs minutes.
 */
async function appleSecret({ clientId, extras }: Provider, now: Date): Promise<string> {
  const key = await importPKCS8(asPem(extras.p8 ?? ''), 'ES256')
  const seconds = Math.floor(now.getTime() / 1000)
  return new SignJWT()
    .setProtectedHeader({ alg: 'ES256', kid: extras.keyID ?? '' })
    .setIssuer(extras.teamID ?? '')
    .setSubject(clientId)
    .setAudience('https://appleid.apple.com')
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + MINUTES * 60)
    .sign(key)
}

/** Returns how the client proves itself to a provider (RFC 6749 §2.3.1). */
export function clientAuthOf(
  provider: Provider,
  kind: Provider['spec']['clientAuth'],
  now: Date,
): ClientAuth {
  const { clientId, clientSecret, spec } = provider
  switch (kind) {
    case 'basic':
      // Providers with Basic take the pair as it is, without the encoding that RFC 6749 asks for.
      return (_server, _client, _body, headers) => {
        headers.set('authorization', basicAuth(clientId, clientSecret))
      }
    case 'basic-encoded':
      return ClientSecretBasic(clientSecret)
    case 'apple':
      return async (_server, _client, body) => {
        body.set('client_id', clientId)
        body.set('client_secret', await appleSecret(provider, now))
      }
    case undefined:
      return (_server, _client, body) => {
        body.set(spec.clientIdName ?? 'client_id', clientId)
        body.set('client_secret', clientSecret)
      }
  }
}
