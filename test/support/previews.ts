import { env } from 'cloudflare:workers'
import type { OutputFormat, PreviewParams } from '#/storage/preview/plan'
import { renderPreview } from '#/storage/preview/render'

/** The parameters of a preview that asks for nothing. */
export const PLAIN: PreviewParams = {
  width: 0,
  height: 0,
  gravity: 'center',
  quality: -1,
  borderWidth: 0,
  borderRadius: 0,
  opacity: 1,
  rotation: 0,
}

/** Renders a preview of a file. @returns its bytes, as they are streamed */
export async function render(
  source: Uint8Array<ArrayBuffer>,
  params: Partial<PreviewParams> = {},
  output: OutputFormat = 'png',
  images: ImagesBinding = env.IMAGES,
) {
  const body = new Blob([source]).stream()
  return (await renderPreview(images, body, { ...PLAIN, ...params }, output)).body
}
