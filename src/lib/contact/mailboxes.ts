import { disposableEmailBlocklistSet } from 'disposable-email-domains-js'
import providers from 'email-providers/all.json'
import { isProvider } from './providers.ts'

/** Makes a value at its first use: the lists are large, and most requests need none. */
function lazy<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** Mailbox providers that the list of providers lacks. */
const MORE_PROVIDERS = [
  'azet.sk citromail.hu disroot.org duck.com keemail.me kolabnow.com mail.bg mailfence.com meta.ua',
  'onmail.com op.pl posteo.de posteo.net riseup.net skiff.com sohu.com startmail.com tuta.com',
  'tuta.io tutamail.com tutanota.com tutanota.de vk.com ziggo.nl zohomail.com zohomail.eu',
].flatMap((line) => line.split(' '))

/** Domains for use in examples, where nobody has a mailbox (RFC 2606 §3). */
const EXAMPLES = new Set(['example.com', 'example.net', 'example.org'])

const free = lazy(() => new Set([...providers, ...MORE_PROVIDERS].filter((d) => !EXAMPLES.has(d))))
const disposable = lazy(() => disposableEmailBlocklistSet())

/** Checks whether anybody can get a mailbox under the domain at no cost. */
export const isFree = (domain: string): boolean => isProvider(domain) || free().has(domain)

/** Checks whether the domain's mailboxes are made to be thrown away. */
export const isDisposable = (domain: string): boolean => disposable().has(domain)
