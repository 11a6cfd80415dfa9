/** What a sign-in with a provider ends with: a JWT, which is not typed and whose letters count. */
const WRAPPED = /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/

const DIGIT = /\p{Nd}/u

/** Returns the value of a decimal digit of any script: each script has its ten in a row (Unicode §4.6). */
function digitOf(character: string): string {
  const code = character.codePointAt(0) ?? 0
  let zero = code
  while (DIGIT.test(String.fromCodePoint(zero - 1))) zero--
  return `${(code - zero) % 10}`
}

/**
 * Returns the one spelling of a secret that somebody typed or copied, in which it is compared exactly. Codes and
 * secrets are digits and lower-case hex: digits may be those of any script, letters of either case, and whatever is
 * neither letter nor digit (blanks, dashes, quotes, the full stop behind a link, invisible marks) is left out.
 */
export function typedSecret(text: string): string {
  const bare = text.replace(/^[^\w-]+|[^\w-]+$/g, '')
  if (WRAPPED.test(bare)) return bare
  return text
    .normalize('NFKC')
    .replace(/\p{Nd}/gu, digitOf)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
}
