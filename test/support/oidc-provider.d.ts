declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'
  /** An OpenID provider; the package has no types of its own. */
  export default class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>)
    callback(): (request: IncomingMessage, response: ServerResponse) => void
  }
}
