/** Names who sends or receives a mail; the name may be ''. */
export type Address = { email: string; name: string }

// Quoted local parts and comments, which RFC 5321 allows, are refused: nothing that ends an address or
// starts another one gets through.
const SENDABLE =
  /^[^\s<>()[\]\\,;:"@\p{Cc}]{1,64}@(?:[^\s<>()[\]\\,;:"@\p{Cc}]{1,255}|\[[0-9a-f:.]{1,45}\]|\[ipv6:[0-9a-f:.]{1,45}\])$/iu

/** Checks whether text is one address and nothing else, fit for an envelope and a header. */
export const isSendable = (email: string) => SENDABLE.test(email)

const NAMED = /^([^<>]*)<([^<>]+)>$/

/** Reads `address` or `Name <address>`; undefined where it is neither. */
export function parseAddress(text: string): Address | undefined {
  const [, name = '', inner] = NAMED.exec(text.trim()) ?? []
  const email = (inner ?? text).trim()
  const bare = name.trim().replace(/^"(.*)"$/, '$1')
  return isSendable(email) ? { email, name: bare } : undefined
}
