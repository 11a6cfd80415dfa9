import { VIDEO_TYPES } from '#/storage/mime'
import type { Color, Crop, Side, Size } from '#/storage/preview/geometry'
import type { Upright } from './orientation.ts'

/**
 * Where a crop is taken from. Differs: `auto`, which newer SDKs send and upstream refuses, leaves the choice to
 * the platform: what stands out, or the centre.
 */
export const GRAVITIES = [
  ...(['center', 'top-left', 'top', 'top-right', 'left', 'right'] as const),
  ...(['bottom-left', 'bottom', 'bottom-right', 'auto'] as const),
]
export type Gravity = (typeof GRAVITIES)[number]

export const OUTPUTS = ['jpg', 'jpeg', 'png', 'webp', 'heic', 'avif', 'gif'] as const
export type OutputFormat = (typeof OUTPUTS)[number]

/**
 * What a preview request asks for; 0 for a side means that it follows from the other (docs/contract/storage.md §9.1).
 */
export type PreviewParams = {
  width: number
  height: number
  gravity: Gravity
  quality: number
  borderWidth: number
  borderColor?: string | undefined
  borderRadius: number
  opacity: number
  rotation: number
  background?: string | undefined
  output?: OutputFormat | undefined
}

/**
 * A change of pixels after the crop, in the order of docs/contract/storage.md §9.4; mirroring, left to right, is first.
 */
export type Effect =
  | { kind: 'mirror' }
  | { kind: 'opacity'; opacity: number }
  | { kind: 'background'; color: Color }
  | { kind: 'border'; width: number; color: Color }
  | { kind: 'roundedBorder'; width: number; color: Color; radius: number }
  | { kind: 'radius'; radius: number }
  | { kind: 'rotate'; degrees: number }

export type Format = 'jpeg' | 'png' | 'webp' | 'avif' | 'gif'

/** Step by step how a preview is made. */
export type PreviewPlan = {
  /** Undefined when the picture keeps its size. */
  crop: Crop | undefined
  effects: readonly Effect[]
  /** Size of the result. */
  size: Size
  format: Format
  /** 1 to 100; undefined where the format has none. */
  quality: number | undefined
  /** True when every frame is kept. */
  animated: boolean
  /** True when the platform alone makes it, in one call, without pixels passing through us. */
  direct: boolean
}

/** What is known of a picture before it is decoded; the size is that of the upright picture. */
export type Source = Size & {
  frames: number
  /** Whether its format has transparency. */
  mayBeClear: boolean
  /** At which a JPEG was encoded, 1 to 100, as far as it tells. */
  quality?: number | undefined
  /** What is left to be done for it to stand upright, beyond what decoders do. */
  upright?: Upright
}

const SOURCES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/heic']
const SOURCE_MAX_BYTES = 20_000_000
export type SourceKind = 'file' | 'image-icon' | 'video-icon' | 'none-icon'

/** Returns what a preview is rendered from: the file, or one of the icons (docs/contract/storage.md §9.3). */
export function sourceKind(mimeType: string, sizeActual: number): SourceKind {
  if (SOURCES.includes(mimeType)) return sizeActual <= SOURCE_MAX_BYTES ? 'file' : 'image-icon'
  return VIDEO_TYPES.includes(mimeType) ? 'video-icon' : 'none-icon'
}

/**
 * Returns the format of a preview: as asked, else by the name at upload, else by content (docs/contract/storage.md §9.7).
 */
export function outputFormat(
  requested: OutputFormat | undefined,
  uploadName: string,
  mimeType: string,
): OutputFormat {
  if (requested) return requested
  const dot = uploadName.lastIndexOf('.')
  const hint = dot < 0 ? mimeType.replace('image/', '') : uploadName.slice(dot + 1).toLowerCase()
  return OUTPUTS.find((format) => format === hint) ?? 'jpg'
}

/** Reads 3 or 6 hex digits; three stand for doubled ones. */
export function parseColor(hex: string): Color {
  const full = hex.length === 3 ? hex.replace(/./g, '$&$&') : hex
  const channel = (at: number) => Number.parseInt(full.slice(at, at + 2), 16)
  return [channel(0), channel(2), channel(4)]
}

/**
 * Plans a crop: the resize of `source` that covers `wanted`, then a cut at `gravity` (docs/contract/storage.md §9.5). A
 * side of 0 follows from the other one, cut to whole pixels.
 */
export function planCrop(source: Size, wanted: Size, gravity: Gravity): Crop {
  const { width, height } = fillSides(source, wanted)
  const scaled =
    gravity === 'center' || gravity === 'auto'
      ? coverRounded(source, { width, height })
      : coverCeiled(source, { width, height })
  const horizontal = gravity.includes('left') ? 0 : gravity.includes('right') ? 1 : 0.5
  const vertical = gravity.includes('top') ? 0 : gravity.includes('bottom') ? 1 : 0.5
  const left = Math.floor((scaled.width - width) * horizontal)
  const top = Math.floor((scaled.height - height) * vertical)
  return { width, height, scaled, left, top, side: sideOf(source, { width, height }, gravity) }
}

function fillSides(source: Size, { width, height }: Size): Size {
  if (width === 0 && height === 0) return { width: source.width, height: source.height }
  const follow = (side: number, along: number, across: number) =>
    Math.max(1, Math.trunc((side * along) / across))
  return {
    width: width || follow(height, source.width, source.height),
    height: height || follow(width, source.height, source.width),
  }
}

function coverRounded(source: Size, { width, height }: Size): Size {
  const byWidth = width / source.width >= height / source.height
  return byWidth
    ? { width, height: Math.max(height, Math.round((width / source.width) * source.height)) }
    : { width: Math.max(width, Math.round((height / source.height) * source.width)), height }
}

function coverCeiled(source: Size, { width, height }: Size): Size {
  return width / height > source.width / source.height
    ? { width, height: Math.ceil((width * source.height) / source.width) }
    : { width: Math.ceil((height * source.width) / source.height), height }
}

function sideOf(source: Size, { width, height }: Size, gravity: Gravity): Side {
  if (gravity === 'auto') return 'auto'
  const overflowsWidth = width / height <= source.width / source.height
  const sides = overflowsWidth ? (['left', 'right'] as const) : (['top', 'bottom'] as const)
  return sides.find((side) => gravity.includes(side)) ?? 'center'
}

/** Plans a preview of a picture, from its header alone. */
export function planPreview(params: PreviewParams, source: Source, format: Format): PreviewPlan {
  const { width, height, gravity } = params
  const crops = width > 0 || height > 0 || gravity !== 'center'
  const planned = crops ? planCrop(source, params, gravity) : undefined
  const same = planned?.width === source.width && planned.height === source.height
  const crop = same ? undefined : planned
  const effects = planEffects(params, source)
  const quality = planQuality(params.quality, source.quality, format)
  const asksQuality = params.quality > 0 && quality !== undefined
  const keepsFrames = format === 'gif' || format === 'webp'
  const animated = source.frames > 1 && keepsFrames && params.background === undefined
  const direct =
    effects.length === 0 && !asksQuality && !animated && platformMakes(format, source.mayBeClear)
  const size = effects.reduce(sizeAfter, crop ?? source)
  return {
    crop,
    effects,
    size: { width: size.width, height: size.height },
    format,
    quality,
    animated,
    direct,
  }
}

/** Qualities of encoders that nothing else tells one (docs/contract/storage.md §9.8). */
const DEFAULT_QUALITY = { jpeg: 92, webp: 75, avif: 60 }
/** A WebP of this quality is lossless. */
export const LOSSLESS = 100

/** Returns the quality asked for, else that of a JPEG that becomes JPEG or WebP, else the encoder's own. */
function planQuality(asked: number, source: number | undefined, format: Format) {
  if (format === 'png' || format === 'gif') return
  if (asked > 0) return asked
  const kept = format === 'avif' ? undefined : source
  // Lossless is for who asks for it.
  return Math.min(kept ?? DEFAULT_QUALITY[format], format === 'webp' ? LOSSLESS - 1 : LOSSLESS)
}

/**
 * Checks whether the platform makes a format the same everywhere. Its simulator has no GIF, its AVIFs may
 * come back smaller than asked or as another format, and what it lays beneath a clear picture that becomes
 * a JPEG is its own choice.
 */
const platformMakes = (format: Format, mayBeClear: boolean) =>
  format === 'png' || format === 'webp' || (format === 'jpeg' && !mayBeClear)

/** Differs: upstream fails for a border without a colour, which is black here. */
function planEffects(params: PreviewParams, { upright }: Source): Effect[] {
  const { opacity, background, borderWidth, borderRadius, borderColor = '000' } = params
  const effects: Effect[] = []
  if (upright?.mirrored) effects.push({ kind: 'mirror' })
  if (opacity < 1) effects.push({ kind: 'opacity', opacity })
  if (background !== undefined) effects.push({ kind: 'background', color: parseColor(background) })
  const color = parseColor(borderColor)
  if (borderWidth > 0 && borderRadius > 0) {
    effects.push({ kind: 'roundedBorder', width: borderWidth, color, radius: borderRadius })
  } else if (borderWidth > 0) effects.push({ kind: 'border', width: borderWidth, color })
  else if (borderRadius > 0) effects.push({ kind: 'radius', radius: borderRadius })
  const degrees = (params.rotation + 360) % 360
  if (degrees > 0) effects.push({ kind: 'rotate', degrees })
  return effects
}

/** Returns the size of a picture after an effect (docs/contract/storage.md §9.6). */
export function sizeAfter({ width, height }: Size, effect: Effect): Size {
  if (effect.kind === 'border') {
    return { width: width + 2 * effect.width, height: height + 2 * effect.width }
  }
  return effect.kind === 'rotate'
    ? rotatedSize({ width, height }, effect.degrees)
    : { width, height }
}

function rotatedSize({ width, height }: Size, degrees: number): Size {
  if (degrees % 180 === 0) return { width, height }
  if (degrees % 90 === 0) return { width: height, height: width }
  const angle = (degrees * Math.PI) / 180
  const [cos, sin] = [Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle))]
  // An even number of pixels, with one to three to spare, as observed upstream.
  const room = (span: number) => 2 * Math.floor(Math.ceil(span) / 2) + 2
  return { width: room(width * cos + height * sin), height: room(width * sin + height * cos) }
}
