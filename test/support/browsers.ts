import { afterAll, expect, inject, vi } from 'vitest'

/** The cookies of one browser, by name. */
export type Browser = Map<string, string>
export const newBrowser = (): Browser => new Map()

/** Sends a request without any browser's cookies. */
export const plainFetch = globalThis.fetch

let current = newBrowser()

/**
 * Adds to `fetch` the cookies of the browser that {@link within} names, until the tests of the file are done:
 * the SDK sends and takes them through `fetch`, which has no jar outside a browser.
 */
export function keepCookies() {
  vi.stubGlobal('fetch', async (input: string | URL, init: RequestInit = {}) => {
    const browser = current // another one may be in use when the answer comes
    const headers = new Headers(init.headers)
    if (browser.size > 0)
      headers.set('Cookie', [...browser].map((pair) => pair.join('=')).join('; '))
    const answer = await plainFetch(input, { ...init, headers })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') browser.delete(name)
      else browser.set(name, value)
    }
    return answer
  })
  afterAll(() => vi.unstubAllGlobals())
}

/** Does something in a browser. */
export function within<T>(browser: Browser, run: () => Promise<T>): Promise<T> {
  current = browser
  return run()
}

/** Matches what an SDK throws for an error of this type. */
export const refusal = (type: string) => expect.objectContaining({ type })

/** Returns an e-mail address that no other test uses. */
export const address = () => `${crypto.randomUUID()}@example.com`

/** Returns the newest message to an address or number, as a developer reads it. */
export async function newestTo(to: string): Promise<string> {
  const answer = await plainFetch(new URL('/outbox.json', inject('endpoint')))
  const messages = (await answer.json()) as { to: string; text: string }[]
  const message = messages.find((one) => one.to === to)
  if (!message) throw new Error(`Nothing was sent to ${to}.`)
  return message.text
}

/** Returns the link of the newest message to an address. */
export async function newestLinkTo(to: string): Promise<URL> {
  return new URL(/^https?:\S+$/m.exec(await newestTo(to))?.[0] ?? '')
}

/** Returns the code of the newest message to an address or number; '' where it has none. */
export const codeTo = async (to: string) => /\b\d{6}\b/.exec(await newestTo(to))?.[0] ?? ''
