import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'

/** Serves on a free port of this machine. */
export async function listen(handle: RequestListener): Promise<{ server: Server; origin: string }> {
  const server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(0, resolve))
  return { server, origin: `http://localhost:${(server.address() as AddressInfo).port}` }
}

/** Ends a server with all that is connected to it. */
export const close = (server: Server) =>
  new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })

/** An OpenID provider that anybody may sign in at, with any password. */
export type LocalOidc = {
  issuer: string
  clientId: string
  clientSecret: string
  close: () => Promise<void>
}

/** Names whose addresses the provider does not vouch for begin so. */
const UNVERIFIED = 'unverified-'

/**
 * Starts an OpenID provider that insists on PKCE. Whoever signs in as `ada` is `ada@example.com`; the addresses
 * of `unverified-…` are not verified, and those of both are the same.
 */
export async function startOidc(redirectUris: readonly string[]): Promise<LocalOidc> {
  let handle: RequestListener = (_, response) => response.writeHead(503).end()
  const { server, origin } = await listen((request, response) => handle(request, response))
  const client = { client_id: 'edgewrite', client_secret: crypto.randomUUID() }
  const provider = new Provider(origin, {
    clients: [
      {
        ...client,
        redirect_uris: redirectUris,
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    cookies: { keys: [crypto.randomUUID()] },
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    ttl: {
      Interaction: 600,
      Session: 600,
      Grant: 600,
      AccessToken: 600,
      RefreshToken: 600,
      IdToken: 600,
    },
    issueRefreshToken: () => true,
    rotateRefreshToken: () => true,
    findAccount: (_: unknown, id: string) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        email: `${id.replace(UNVERIFIED, '')}@example.com`,
        email_verified: !id.startsWith(UNVERIFIED),
        name: `Name of ${id}`,
      }),
    }),
  })
  handle = provider.callback()
  return {
    issuer: origin,
    clientId: client.client_id,
    clientSecret: client.client_secret,
    close: () => close(server),
  }
}
