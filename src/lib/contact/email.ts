import { domainToASCII } from 'node:url'
import { z } from 'zod'
import { isDisposable, isFree } from './mailboxes.ts'
import { canonicalAddress } from './providers.ts'

/** Longest address: 64 characters, `@`, 255 characters (RFC 5321 §4.5.3.1). */
const MAX_LENGTH = 320
const MAX_LOCAL_BYTES = 64

/** Dot-atom (RFC 5322 §3.2.3), with letters, marks and digits of every script (RFC 6531 §3.3). */
const LOCAL_PART =
  /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u
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

/** Checks whether text in its {@link normalEmail} form is an e-mail address (docs/contract/users.md §16.1). */
function isAddress(text: string): boolean {
  const [local = '', domain = '', ...more] = text.split('@', 3)
  return (
    text.length <= MAX_LENGTH &&
    more.length === 0 &&
    new TextEncoder().encode(local).length <= MAX_LOCAL_BYTES &&
    LOCAL_PART.test(local) &&
    isMailDomain(domain)
  )
}

const asciiLower = (text: string) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())

const NON_ASCII = /[^\0-\x7f]/

/** Composes text (NFC), but for the three characters that NFC would turn into ASCII: the Kelvin sign stays one. */
const composed = (text: string) =>
  text.replace(/[^\u212a\u037e\u1fef]+/g, (part) => part.normalize('NFC'))

/** Converts a domain to its ASCII form (UTS 46); one that has none stays, and is then refused as a domain. */
function asciiDomain(domain: string): string {
  if (!NON_ASCII.test(domain)) return asciiLower(domain)
  return domainToASCII(domain) || domain
}

/**
 * Returns the one form in which an e-mail address is stored, compared, counted and looked up: trimmed, the local
 * part in NFC with ASCII letters in lower case, the domain in its ASCII form (UTS 46). Letters that merely look
 * alike stay apart: the Kelvin sign is no k. Text that is no address takes the same form, and matches none.
 */
export function normalEmail(text: string): string {
  const trimmed = text.trim()
  const at = trimmed.lastIndexOf('@')
  const [local, domain] = [trimmed.slice(0, Math.max(at, 0)), trimmed.slice(at + 1)]
  return at < 0
    ? asciiLower(composed(trimmed))
    : `${asciiLower(composed(local))}@${asciiDomain(domain)}`
}

/**
 * Accepts an e-mail address of at most 320 characters and returns its {@link normalEmail} form.
 * Differs: letters beyond ASCII are accepted, in the local part and in the domain.
 */
export const email = z
  .string()
  .max(10 * MAX_LENGTH, 'must be an e-mail address')
  .transform(normalEmail)
  .refine(isAddress, 'must be an e-mail address')
  .meta({
    wire: { type: 'string', format: 'email' },
    description: 'E-mail address, of which every spelling finds the same user.',
  })

/**
 * Classifies an address that {@link email} accepted: which mailbox it is, whatever its spelling, and
 * what kind of domain it has (docs/contract/users.md §16.2). A throw-away domain is never free.
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
