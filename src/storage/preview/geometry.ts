/** Whole pixels, each side at least 1. */
export type Size = { width: number; height: number }

export type Color = readonly [red: number, green: number, blue: number]

/** A resize that covers the wanted size, then a cut: `scaled` is the size before it, `left` and `top` where. */
export type Crop = Size & { scaled: Size; left: number; top: number; side: Side }

/** A crop overflows on one axis only, so that a corner is a side of that axis. */
export type Side = 'center' | 'left' | 'right' | 'top' | 'bottom' | 'auto'
