type Provider = {
  /** Every domain under which the provider gives out the same mailboxes. */
  readonly domains: readonly string[]
  readonly canonical: string
  /** Drops from a local part what the provider ignores. */
  readonly tidy: (local: string) => string
}

const asGiven = (local: string) => local

/** Cuts text at an index, unless nothing would be left. */
const cut = (text: string, at: number) => (at > 0 ? text.slice(0, at) : text)

/** Cuts a tag such as `+shop`. */
const untagged = (local: string) => cut(local, local.indexOf('+'))

const withoutDots = (local: string) => untagged(local).replaceAll('.', '')

/** Cuts the last part such as `-shop`. */
const withoutKeyword = (local: string) => cut(local, local.lastIndexOf('-'))

const words = (text: string) => text.split(' ')
const under = (name: string, suffixes: string) => words(suffixes).map((end) => `${name}.${end}`)

const PROVIDERS: readonly Provider[] = [
  { domains: words('gmail.com googlemail.com'), canonical: 'gmail.com', tidy: withoutDots },
  {
    domains: [
      ...words('msn.com passport.com'),
      ...under(
        'outlook',
        'com at be cl co.id co.il co.th com.ar com.au com.br com.gr com.pe com.tr com.vn cz de dk es fr hu ie in it jp kr lv my ph pt sa sg sk',
      ),
      ...under(
        'hotmail',
        'com be ca ch cl co.id co.il co.in co.jp co.kr co.nz co.th co.uk co.za com.ar com.au com.br com.hk com.mx com.tr com.tw com.vn cz de dk es fi fr gr hu it lt lv my nl no ph rs se sg sk',
      ),
      ...under(
        'live',
        'com at be ca cl cn co.kr co.uk co.za com.ar com.au com.mx com.my com.pt com.sg de dk fr hk ie in it jp nl no ru se',
      ),
    ],
    canonical: 'outlook.com',
    tidy: untagged,
  },
  {
    domains: [...under('yahoo', 'com co.uk ca de fr in it'), ...words('ymail.com rocketmail.com')],
    canonical: 'yahoo.com',
    tidy: withoutKeyword,
  },
  { domains: words('icloud.com me.com mac.com'), canonical: 'icloud.com', tidy: untagged },
  {
    domains: words('protonmail.com proton.me pm.me'),
    canonical: 'protonmail.com',
    tidy: asGiven,
  },
  { domains: words('fastmail.com fastmail.fm'), canonical: 'fastmail.com', tidy: asGiven },
  { domains: words('walla.co.il walla.com'), canonical: 'walla.co.il', tidy: asGiven },
]

const byDomain = new Map(
  PROVIDERS.flatMap((provider) => provider.domains.map((domain) => [domain, provider])),
)

/** Checks whether the domain belongs to a provider whose addresses have a canonical form. */
export const isProvider = (domain: string): boolean => byDomain.has(domain)

/**
 * Returns the one spelling of a mailbox that its provider knows under many (docs/contract/users.md §16.2); an
 * address of another domain is its own.
 * @param address an e-mail address in lower case
 */
export function canonicalAddress(address: string): string {
  const at = address.lastIndexOf('@')
  const provider = byDomain.get(address.slice(at + 1))
  return provider ? `${provider.tidy(address.slice(0, at))}@${provider.canonical}` : address
}
