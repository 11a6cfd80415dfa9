import { base64 } from '@scure/base'

/** Returns the value of an `Authorization` header that names user and password (RFC 7617 §2), UTF-8 inside. */
export const basicAuth = (username: string, password: string) =>
  `Basic ${base64.encode(new TextEncoder().encode(`${username}:${password}`))}`
