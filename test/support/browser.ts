import { existsSync, readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { type Browser, chromium } from 'playwright-core'
import { close, listen } from './oidc.ts'

const PLACES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/**
 * Starts a real browser without a window.
 * @param more arguments of its command line
 * @throws Error where there is none
 */
export async function startBrowser(more: readonly string[] = []): Promise<Browser> {
  const executablePath = PLACES.find((place) => place && existsSync(place))
  if (!executablePath) {
    throw new Error('There is no Chromium: install the package "chromium", or set CHROMIUM.')
  }
  // Containers run as root and without the kernel features of Chromium's sandbox.
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-dev-shm-usage', ...more],
  })
}

const SDK = `${import.meta.dirname}/../../node_modules/appwrite/dist/iife/sdk.js`

/** Returns what a web app answers: on every path the same page, which has the unmodified web SDK. */
export function appPages(endpoint: string): RequestListener {
  const page = `<!doctype html><meta charset="utf-8"><title>App</title><script src="/sdk.js"></script>
<script>
  const client = new Appwrite.Client().setEndpoint(${JSON.stringify(endpoint)}).setProject('edgewrite')
  globalThis.account = new Appwrite.Account(client)
</script>`
  return (request, response) => {
    const isSdk = request.url === '/sdk.js'
    response.setHeader('Content-Type', isSdk ? 'text/javascript' : 'text/html')
    response.end(isSdk ? readFileSync(SDK) : page)
  }
}

/** Serves a web app. */
export async function startApp(endpoint: string) {
  const { server, origin } = await listen(appPages(endpoint))
  return { origin, close: () => close(server) }
}
