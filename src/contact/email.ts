import { z } from 'zod'
import { isDisposable, isFree } from './mailboxes.ts'
import { canonicalAddress } from './providers.ts'

/** Longest address: 64 characters, `@`, 255 characters (RFC 5321 §4.5.3.1). */
const MAX_LENGTH = 320
const LONGEST_LOCAL_PART = 64

const LOCAL_PART = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/
const ADDRESS_LITERAL = /^\[(ipv6:)?(.+)\]$/

function isMailDomain(domain: string): boolean {
  const [, ipv6, address] = ADDRESS_LITERAL.exec(domain) ?? []
  if (address) return (ipv6 ? z.regexes.ipv6 : z.regexes.ipv4).test(address)
  const labels = domain.split('.')
  return (
    labels.length > 1 &&
    labels.every((label) => LABEL.test(label)) &&
    !/^\d+$/.test(labels.at(-1) ?? '')
  )
}

/** Tells whether text is an e-mail address, once trimmed and in lower case (users contract 16.1). */
function isAddress(text: string): boolean {
  const [local = '', domain = '', ...more] = text.split('@', 3)
  return (
    text.length <= MAX_LENGTH &&
    more.length === 0 &&
    local.length <= LONGEST_LOCAL_PART &&
    LOCAL_PART.test(local) &&
    isMailDomain(domain)
  )
}

/** Accepts an e-mail address of at most 320 characters and gives it trimmed, in lower case. */
export const email = z
  .string()
  .transform((text) => text.trim().toLowerCase())
  .refine(isAddress, 'must be an e-mail address')
  .meta({ wire: { type: 'string', format: 'email' } })

/**
 * Classifies an address that {@link email} accepted: which mailbox it is, whatever its spelling, and
 * what kind of domain it has (users contract 16.2). A throw-away domain is never free.
 */
export function emailFacts(address: string) {
  const domain = address.slice(address.lastIndexOf('@') + 1)
  const emailCanonical = canonicalAddress(address)
  const emailIsDisposable = isDisposable(domain)
  const emailIsFree = !emailIsDisposable && isFree(domain)
  return {
    emailCanonical,
    emailIsFree,
    emailIsDisposable,
    emailIsCorporate: !emailIsFree && !emailIsDisposable,
    emailIsCanonical: address === emailCanonical,
  }
}
