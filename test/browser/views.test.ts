import { Client, ID, Permission, Role, Storage } from 'node-appwrite'
import { InputFile } from 'node-appwrite/file'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { signJwt } from '#/auth/jwt'
import { decodePng } from '#/storage/preview/codecs/png'
import { startBrowser } from '#test/support/browser'
import { close, listen } from '#test/support/oidc'
import { SECRET } from '#test/support/serve'

const endpoint = inject('endpoint')
const client = new Client().setEndpoint(endpoint).setProject('edgewrite').setKey(inject('apiKey'))
const storage = new Storage(client)

/** What a script prints that runs where it must not; printing works under every policy. */
const RAN = 'a script ran'
const run = (how: string) => `console.log('${RAN}: ${how}')`
const base64 = (text: string) => Buffer.from(text).toString('base64')
const SVG = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
const RED = '<rect width="40" height="40" fill="#f00"/>'
const svg = (content: string, attributes = '') =>
  `<svg ${SVG} width="40" height="40" ${attributes}>${RED}${content}</svg>`

const inXhtml = (how: string) =>
  `<html xmlns="http://www.w3.org/1999/xhtml"><body onload="${run(how)}">
<script>${run(how)}</script><img src="x" onerror="${run(how)}"/>
<iframe srcdoc="&lt;script&gt;${run(how)}&lt;/script&gt;"/></body></html>`
const STYLESHEET = `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:template match="/"><html><body><script>${run('XSLT')}</script></body></html></xsl:template></xsl:stylesheet>`
const styled = (root: string) =>
  `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="data:text/xml;base64,${base64(STYLESHEET)}"?>${root}`

/** Files that try to run a script in every way that their kind knows. */
const HOSTILE: Record<string, string> = {
  'inline.svg': svg(`<script>${run('inline')}</script>`),
  'cdata.svg': svg(`<script type="text/ecmascript"><![CDATA[${run('cdata')}]]></script>`),
  'module.svg': svg(`<script type="module">${run('module')}</script>`),
  'data.svg': svg(`<script href="data:text/javascript,${encodeURIComponent(run('data'))}"/>
<script xlink:href="data:text/javascript;base64,${base64(run('xlink'))}"/>`),
  'handlers.svg': svg(
    `<rect width="40" height="40" fill="#f00" onclick="${run('click')}" onmouseover="${run('over')}"/>
<animate attributeName="x" dur="1ms" onbegin="${run('begin')}" onend="${run('end')}"/>
<image href="nowhere" onerror="${run('error')}"/>
<style onload="${run('style')}">rect { fill: #f00 }</style>`,
    `onload="${run('load')}" onfocus="${run('focus')}" tabindex="0" onresize="${run('resize')}"`,
  ),
  'link.svg': svg(
    `<a href="javascript:${run('link')}"><rect width="40" height="40" fill="#f00"/></a>`,
  ),
  'xlink.svg': svg(
    `<a xlink:href="javascript:${run('xlink')}" target="_top"><rect width="40" height="40" fill="#f00"/></a>`,
  ),
  'animated-link.svg': svg(`<a><rect width="40" height="40" fill="#f00"/>
<set attributeName="href" to="javascript:${run('set')}"/></a>`),
  'foreign.svg': svg(`<foreignObject width="40" height="40">${inXhtml('foreign')}</foreignObject>`),
  'use.svg': svg(
    `<use href="data:image/svg+xml;base64,${base64(
      svg(
        `<g id="a"><script>${run('use')}</script><rect onclick="${run('use')}" width="40" height="40"/></g>`,
      ),
    )}#a"/>`,
  ),
  'entity.svg': `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY s "<script xmlns='http://www.w3.org/2000/svg'>console.log(&#34;${RAN}: entity&#34;)</script>">
<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY % p SYSTEM "file:///etc/hosts">]>${svg('&s;<text>&f;</text>')}`,
  'xslt.svg': styled(svg('')),
  'prefix.svg': `<s:svg xmlns:s="http://www.w3.org/2000/svg" width="40" height="40"><s:script>${run('prefix')}</s:script></s:svg>`,
  'a.html': `<!doctype html>${inXhtml('HTML')}`,
  'a.xhtml': `<?xml version="1.0"?><!DOCTYPE html>${inXhtml('XHTML')}`,
  'a.xml': styled('<x/>'),
  'script.xml': `<?xml version="1.0"?><x><script xmlns="http://www.w3.org/1999/xhtml">${run('XML')}</script></x>`,
  'a.mml': `<?xml version="1.0"?><math xmlns="http://www.w3.org/1998/Math/MathML" href="javascript:${run('MathML')}">
<mtext><script xmlns="http://www.w3.org/1999/xhtml">${run('MathML')}</script></mtext></math>`,
  'a.js': run('script'),
  'a.css': `body { background: url("javascript:${run('style')}") }`,
  'a.pdf': `%PDF-1.7
1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(${run('PDF').replace(/[()]/g, '\\$&')})>>>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 40 40]>>endobj
trailer<</Root 1 0 R>>
<script>${run('PDF')}</script>`,
}
const NAMES = Object.keys(HOSTILE)
const PICTURES = NAMES.filter((name) => name.endsWith('.svg'))

let browser: Browser
let context: BrowserContext
let app: Awaited<ReturnType<typeof listen>>
let bucketId = ''
const fileUrl = (name: string, how: string) =>
  `${endpoint}/storage/buckets/${bucketId}/files/${name}/${how}?project=edgewrite`

async function pushUrl(fileId: string) {
  const claims = { projectId: 'edgewrite', bucketId, fileId, exp: 4_102_444_800 }
  return `${fileUrl(fileId, 'push')}&jwt=${await signJwt(claims, SECRET)}`
}

beforeAll(async () => {
  const permissions = [Permission.read(Role.any())]
  const bucket = await storage.createBucket({ bucketId: ID.unique(), name: 'Views', permissions })
  bucketId = bucket.$id
  for (const [name, content] of Object.entries(HOSTILE)) {
    const file = InputFile.fromPlainText(content, name)
    await storage.createFile({ bucketId, fileId: name, file })
  }
  app = await listen((request, response) => {
    const url = new URL(request.url ?? '/', 'http://app')
    if (url.pathname === '/isolated') {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp')
    }
    const raw = HOSTILE[url.pathname.slice(1)]
    response.setHeader('Content-Type', raw === undefined ? 'text/html' : 'image/svg+xml')
    response.end(
      raw ??
        `<!doctype html><style>body { margin: 0; display: flex }</style>${url.searchParams.get('body') ?? ''}`,
    )
  })
  browser = await startBrowser()
  context = await browser.newContext()
})
afterAll(async () => {
  await browser?.close()
  await close(app.server)
})

/** The side of what is shown, in pixels. */
const SIDE = 40

/**
 * Opens a page, clicks on what it shows, and returns what scripts printed in any frame of it.
 * @param places how many files it shows, from left to right
 */
async function printed(open: (page: Page) => Promise<unknown>, places = 1): Promise<string[]> {
  const page = await context.newPage()
  try {
    const lines: string[] = []
    const note = (text: string) => text.startsWith(RAN) && lines.push(text)
    page.on('console', (message) => note(message.text()))
    page.on('dialog', (dialog) => dialog.dismiss().then(() => lines.push(dialog.message())))
    await open(page)
    for (let place = 0; place < places; place++) {
      await page.mouse.click(place * SIDE + SIDE / 2, SIDE / 2)
    }
    // An answer to this comes after whatever was printed before; a click may have led away meanwhile.
    await page.evaluate('1').catch(() => undefined)
    return lines
  } finally {
    await page.close()
  }
}

/** Opens a URL; one that is downloaded instead leaves the page as it is. */
const visit = (url: string) => (page: Page) =>
  page.goto(url).catch((error: Error) => {
    if (!/Download is starting|ERR_ABORTED/.test(error.message)) throw error
  })
const embed = (body: string) => visit(`${app.origin}/?body=${encodeURIComponent(body)}`)

/** Ways to make a file a part of a page. */
const WAYS = [
  (url: string) => `<iframe src="${url}" width="40" height="40" frameborder="0"></iframe>`,
  (url: string) => `<object data="${url}" width="40" height="40"></object>`,
  (url: string) => `<object type="image/svg+xml" data="${url}" width="40" height="40"></object>`,
  (url: string) => `<embed src="${url}" width="40" height="40">`,
  (url: string) => `<img src="${url}" width="40" height="40">`,
  (url: string) =>
    `<svg width="40" height="40"><use href="${url}#a"/><image href="${url}" width="40"/></svg>`,
  (url: string) => `<script src="${url}"></script><link rel="stylesheet" href="${url}">`,
]

test('the scripts of these files do run where nothing keeps them from it', async () => {
  const raw = PICTURES.filter(
    (name) => !['module.svg', 'use.svg', 'entity.svg', 'xslt.svg'].includes(name),
  )
  for (const name of raw) {
    // A script that is loaded from elsewhere may come after the page is read.
    await vi.waitFor(
      async () =>
        expect([name, await printed(visit(`${app.origin}/${name}`))]).toEqual([
          name,
          expect.arrayContaining([expect.stringContaining(RAN)]),
        ]),
      { timeout: 30_000 },
    )
  }
})

test.each(NAMES)('%s runs no script, however it is opened', async (name) => {
  for (const url of [fileUrl(name, 'view'), await pushUrl(name)]) {
    expect([url, await printed(visit(url))]).toEqual([url, []])
  }
  const parts = [fileUrl(name, 'view'), fileUrl(name, 'download')].flatMap((url) =>
    WAYS.map((way) => way(url)),
  )
  expect(await printed(embed(parts.join('')), parts.length)).toEqual([])
})

/** Returns the colour in the middle of the page's first element of a name. */
async function colourOf(page: Page, element: string) {
  const { width, height, data } = decodePng(
    new Uint8Array(await page.locator(element).screenshot()),
  )
  const middle = (Math.floor(height / 2) * width + Math.floor(width / 2)) * 4
  return [...data.subarray(middle, middle + 4)]
}

test.each(PICTURES.filter((name) => !['entity.svg', 'prefix.svg'].includes(name)))(
  'an <img> shows %s',
  async (name) => {
    const page = await browser.newPage()
    await embed(`<img src="${fileUrl(name, 'view')}">`)(page)
    expect(await page.evaluate('document.images[0].naturalWidth')).toBe(40)
    expect(await colourOf(page, 'img')).toEqual([255, 0, 0, 255])
    await page.close()
  },
)

test('a page that is cross-origin isolated shows what anybody may read, and reads it by CORS', async () => {
  const page = await browser.newPage()
  await page.goto(`${app.origin}/isolated`)
  expect(await page.evaluate('crossOriginIsolated')).toBe(true)
  const loads = (url: string) =>
    page.evaluate(`new Promise((resolve) => {
      const image = new Image()
      image.onload = () => resolve(true)
      image.onerror = () => resolve(false)
      image.src = ${JSON.stringify(url)}
    })`)
  expect(await loads(fileUrl('inline.svg', 'view'))).toBe(true)
  expect(await loads(fileUrl('inline.svg', 'preview'))).toBe(true)
  // Without the header the browser refuses a picture of another origin: it does look.
  expect(await loads(`${app.origin.replace('localhost', '127.0.0.1')}/link.svg`)).toBe(false)
  const read = await page.evaluate(
    async (url) => {
      const answer = await fetch(url, { headers: { Range: 'bytes=0-3' } })
      const names = ['etag', 'content-range', 'content-length', 'content-disposition']
      return [answer.status, await answer.text(), ...names.map((name) => answer.headers.get(name))]
    },
    fileUrl('inline.svg', 'view'),
  )
  const size = Buffer.byteLength(HOSTILE['inline.svg'] ?? '')
  expect(read).toEqual([
    206,
    '<svg',
    expect.stringMatching(/^"[0-9a-f-]+"$/),
    `bytes 0-3/${size}`,
    '4',
    'inline; filename="inline.svg"',
  ])
  await page.close()
})
