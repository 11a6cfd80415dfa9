import { expect, test } from 'vitest'
import { ERRORS } from '#/errors'
import { openApi } from '#/pipeline/openapi'
import { ROUTES } from '#/routes'
import { world } from '#test/support/world'

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

test('the document is served to anybody', async () => {
  const { raw } = await world()
  const { response } = await raw(new Request('http://localhost/openapi.json'))
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(await response.json()).toEqual(JSON.parse(JSON.stringify(openApi(ROUTES, '1.9.6'))))
})

test('the page names every operation, and what it takes and answers', async () => {
  const { raw } = await world()
  const { response } = await raw(new Request('http://localhost/reference'))
  const page = text(new Uint8Array(await response.arrayBuffer()))
  expect(response.headers.get('content-type')).toMatch(/^text\/html/)
  expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'/)
  for (const { spec } of ROUTES) expect(page).toContain(`id="${spec.name}"`)
  const [, preview = ''] = page.split('id="storage.getFilePreview"')
  const shown = preview.slice(0, preview.indexOf('</details>'))
  expect(shown).toContain('<code>borderRadius</code>')
  expect(shown).toContain('from 0, to 4000')
  expect(shown).toContain('one of jpg, jpeg, png, webp, heic, avif, gif')
  expect(shown).toContain('files.read')
  expect(shown).toContain('storage_bucket_transformations_disabled')
  expect(shown).toContain('<span>Get a preview image of a file</span>')
  expect(shown).toContain('Renders an image, resized, cropped and with effects')
  expect(shown).toContain('Which part a crop keeps; <code>auto</code> keeps what stands out.')
  expect(shown).toContain('default &quot;center&quot;')
  expect(shown).toContain(ERRORS.storage_bucket_transformations_disabled[1])
  const [, made = ''] = page.split('id="storage.createBucket"')
  expect(made.slice(0, made.indexOf('</details>'))).toContain(
    '&quot;bucketId&quot;: &quot;unique()&quot;',
  )
  expect(page).toContain('<a href="#model-fileList">fileList</a>')
  expect(page).toContain('id="model-fileList"')
})

test('the root leads to the page', async () => {
  const { raw } = await world()
  const { response } = await raw(new Request('http://localhost/'))
  expect([response.status, response.headers.get('location')]).toEqual([302, '/reference'])
})
