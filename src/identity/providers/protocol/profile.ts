import type { ProfileSpec } from '#/identity/providers/catalog/provider'
import { normalEmail } from '#/lib/contact/email'
import { asDigits, isExactNumber } from '#/lib/json'

/** Who somebody is at a sign-in provider; '' is not told. */
export type Profile = {
  id: string
  /** As the provider writes it. */
  email: string
  /** Whether the provider says that the address is the user's. */
  isVerified: boolean
  name: string
}

/** Follows a path through a document. */
const at = (document: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, key)
          ? Reflect.get(value, key)
          : undefined,
      document,
    )

/** Longer texts are not IDs. */
const MAX_ID = 1024
/** As much of a text as is read; names are shortened further where they are stored. */
const MAX_TEXT = 1024
/** Longer texts are not addresses (RFC 5321 §4.5.3.1): somebody who has one signs in without. */
const MAX_EMAIL = 320

/** Prints what a provider may use as text, without the character that the database's JSON does not carry. */
function asText(value: unknown): string {
  const given = isExactNumber(value) ? value.rawJSON : value
  if (typeof given !== 'string' && typeof given !== 'number') return ''
  const text = `${given}`.replaceAll('\0', '').trim()
  return text.slice(0, MAX_TEXT).toWellFormed()
}

/** Prints what may be an address; '' where it is too long for one. */
const asEmail = (text: string) => (text.length > MAX_EMAIL ? '' : text)

/** What database or decoder would make equal to other text: NUL, half of a surrogate pair, bad UTF-8. */
const INEXACT = /^\s|\s$|[\0\ufffd]/

/**
 * Returns an ID letter by letter and digit by digit, since whoever has the same is the same person; '' for what
 * is none, such as a number with an exponent, or cannot be told apart from another.
 */
export function printId(value: unknown): string {
  const id = typeof value === 'string' ? value : (asDigits(value) ?? '')
  return INEXACT.test(id) || !id.isWellFormed() || id.length > MAX_ID ? '' : id
}

const isGiven = (value: unknown) => value !== undefined && value !== null && value !== ''

/** Reads the ID at the first of several places that holds anything: another place would be somebody else. */
function idAt(document: unknown, places: string): string {
  for (const place of split(places, '|')) {
    const given = split(place, '+').map((path) => at(document, path))
    if (!given.some(isGiven)) continue
    const ids = given.map(printId)
    const isAmbiguous = ids.length > 1 && ids.some((id) => id.includes(' '))
    return ids.includes('') || isAmbiguous ? '' : ids.join(' ')
  }
  return ''
}

/** Providers write truth in several ways; everything else is false. */
const isTrue = (value: unknown) => [true, 'true', 1, '1'].some((truth) => truth === value)

const split = (places: string, by: string) => places.split(by).map((place) => place.trim())

/** Reads the text at the first of several places; those joined by `+` are one. */
function textAt(document: unknown, places: string | undefined): string {
  for (const place of places ? split(places, '|') : []) {
    const text = split(place, '+')
      .map((path) => asText(at(document, path)))
      .filter(Boolean)
      .join(' ')
    if (text) return text
  }
  return ''
}

/** What Entra calls a guest of a tenant: it looks like an address, and no mail gets there. */
const GUEST_PRINCIPAL = /#ext#@/i

/** Returns the address at the first of several places that hold one. */
function addressAt(document: unknown, places: string | undefined): string {
  const found = places ? split(places, '|').map((place) => textAt(document, place)) : []
  return found.find((text) => text !== '' && !GUEST_PRINCIPAL.test(text)) ?? ''
}

function isVerified(document: unknown, { verified, verifiedBy }: ProfileSpec): boolean {
  if (verified) return split(verified, '+').every((path) => isTrue(at(document, path)))
  return verifiedBy !== undefined && asText(at(document, verifiedBy)) !== ''
}

/** Chooses among several addresses; the verdict goes with the one chosen. */
function choose(
  document: unknown,
  { list, address, main = '', verified }: NonNullable<ProfileSpec['emails']>,
  overall: boolean,
): Pick<Profile, 'email' | 'isVerified'> {
  const found = at(document, list)
  const all = (Array.isArray(found) ? found : [])
    .map((one: unknown) => ({
      email: asEmail(asText(at(one, address))),
      isMain: isTrue(at(one, main)),
      isVerified: verified ? isTrue(at(one, verified)) : overall,
    }))
    .filter(({ email }) => email !== '' && !GUEST_PRINCIPAL.test(email))
  const chosen =
    all.find((one) => one.isMain && one.isVerified) ??
    all.find((one) => one.isVerified) ??
    all.find((one) => one.isMain) ??
    all[0]
  return { email: chosen?.email ?? '', isVerified: chosen?.isVerified ?? false }
}

/** Reads who somebody is from what a provider answered (docs/contract/account.md §12). */
export function readProfile(document: unknown, spec: ProfileSpec): Profile {
  const overall = isVerified(document, spec)
  const found = spec.emails
    ? choose(document, spec.emails, overall)
    : { email: asEmail(addressAt(document, spec.email)), isVerified: overall }
  const counts = found.email !== '' && (found.isVerified || !spec.verifiedOnly)
  return {
    id: idAt(document, spec.id),
    email: counts ? found.email : '',
    isVerified: counts && found.isVerified,
    name: textAt(document, spec.name),
  }
}

/** Checks whether a document holds anything at the places that vouch for an address. */
const hasVerdict = (document: unknown, { verified, verifiedBy }: ProfileSpec) =>
  split(verified ?? verifiedBy ?? '', '+').some((path) => isGiven(at(document, path)))

/**
 * Reads who somebody is from a provider's profile and, for what it leaves out, from the claims of an ID token. A
 * verdict counts for the address beside it alone; where both documents hold one, the profile's does.
 * Differs: upstream reads the profile alone, and refuses whom AD FS, Entra or Keycloak name in the ID token.
 */
export function completeProfile(document: unknown, claims: unknown, spec: ProfileSpec): Profile {
  const [profile, told] = [readProfile(document, spec), readProfile(claims, spec)]
  const isSame = profile.email === '' || normalEmail(profile.email) === normalEmail(told.email)
  const isDenied = hasVerdict(document, spec) && !isVerified(document, spec)
  return {
    id: profile.id || told.id,
    email: profile.email || told.email,
    isVerified: profile.isVerified || (isSame && told.isVerified && !isDenied),
    name: profile.name || told.name,
  }
}
