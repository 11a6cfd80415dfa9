import { existsSync, readFileSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { close, listen } from './oidc.ts'

const PLACES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Starts a real browser without a window. @throws Error where there is none */
export async function startBrowser(): Promise<Browser> {
  const executablePath = PLACES.find((place) => place && existsSync(place))
  if (!executablePath) {
    throw new Error('There is no Chromium: install the package "chromium", or set CHROMIUM.')
  }
  // Containers run as root and without the kernel features of Chromium's sandbox.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

const SDK = `${import.meta.dirname}/../../node_modules/appwrite/dist/iife/sdk.js`

/** Serves a web app: on every path the same page, which has the unmodified web SDK. */
export async function startApp(endpoint: string) {
  const page = `<!doctype html><meta charset="utf-8"><title>App</title><script src="/sdk.js"></script>
<script>
  const client = new Appwrite.Client().setEndpoint(${JSON.stringify(endpoint)}).setProject('edgewrite')
  globalThis.account = new Appwrite.Account(client)
</script>`
  const { server, origin } = await listen((request, response) => {
    const isSdk = request.url === '/sdk.js'
    response.setHeader('Content-Type', isSdk ? 'text/javascript' : 'text/html')
    response.end(isSdk ? readFileSync(SDK) : page)
  })
  return { origin, close: () => close(server) }
}
