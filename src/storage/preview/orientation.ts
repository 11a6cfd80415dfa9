import type { Crop, Side } from '#/storage/preview/geometry'

/** Quarter turns, in degrees clockwise. */
export type Turn = 90 | 180 | 270

/** How a stored picture comes to stand upright: a turn, then a mirroring left to right. */
export type Upright = { turn: Turn | undefined; mirrored: boolean }

/** What each EXIF orientation asks for (Exif 2.32 §4.6.4). */
const BY_ORIENTATION: Readonly<Record<number, Upright>> = {
  2: { turn: undefined, mirrored: true },
  3: { turn: 180, mirrored: false },
  4: { turn: 180, mirrored: true },
  5: { turn: 90, mirrored: true },
  6: { turn: 90, mirrored: false },
  7: { turn: 270, mirrored: true },
  8: { turn: 270, mirrored: false },
}

/** Returns what is left to do for an EXIF orientation; undefined for nothing. */
export const uprightBy = (orientation: number) => BY_ORIENTATION[orientation]

/** Checks whether an EXIF orientation exchanges the sides. */
export const isSideways = (orientation: number) => orientation >= 5

/** Returns the quarter turn that an angle is; undefined for none. @param degrees -360 to 360 */
export function quarterTurn(degrees: number): Turn | undefined {
  const clockwise = (degrees + 720) % 360
  return clockwise === 90 || clockwise === 180 || clockwise === 270 ? clockwise : undefined
}

/** Adds a turn of the upright picture: before a mirroring it goes the other way round. */
export function turnFurther(upright: Upright | undefined, by: number): Turn | undefined {
  return quarterTurn(((upright?.turn ?? 0) + (upright?.mirrored ? -by : by)) % 360)
}

/** Where each side of a picture is after a turn. */
const TURNED: Record<Turn, Partial<Record<Side, Side>>> = {
  90: { left: 'top', top: 'right', right: 'bottom', bottom: 'left' },
  180: { left: 'right', top: 'bottom', right: 'left', bottom: 'top' },
  270: { left: 'bottom', top: 'left', right: 'top', bottom: 'right' },
}

/** Returns what a crop is in the turned picture, for who cuts at a side. */
export function turnedCrop(crop: Crop, turn: Turn): Crop {
  const side = TURNED[turn][crop.side] ?? crop.side
  return turn === 180
    ? { ...crop, side }
    : { ...crop, side, width: crop.height, height: crop.width }
}

const MIRRORED: Partial<Record<Side, Side>> = { left: 'right', right: 'left' }

/** Returns what a crop is in the picture mirrored left to right. */
export function mirroredCrop(crop: Crop): Crop {
  const left = crop.scaled.width - crop.width - crop.left
  return { ...crop, left, side: MIRRORED[crop.side] ?? crop.side }
}
