import { describe, expect, test } from 'vitest'
import { sniffIsoMedia } from '#/storage/mime/media'
import { exifOrientation } from '#/storage/preview/headers/exif'
import {
  mirroredCrop,
  quarterTurn,
  turnedCrop,
  turnFurther,
  uprightBy,
} from '#/storage/preview/orientation'
import { planCrop } from '#/storage/preview/plan'
import { probe } from '#/storage/preview/probe'
import { clap, heic, imir, irot } from '#test/support/bombs'

const SIZE = [4032, 3024] as const
const headOf = (...properties: Uint8Array[]) => heic([SIZE], {}, { properties })

/** Builds EXIF of one entry. */
const exif = (type: number, value: number) =>
  Uint8Array.of(0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, type, 0, 0, 0, 1, 0, value, 0, 0)

describe('a HEIC has the size that it is shown at', () => {
  test.each([
    ['as it is stored', headOf(), [4032, 3024]],
    ['not turned', headOf(irot(0)), [4032, 3024]],
    ['turned', headOf(irot(1)), [3024, 4032]],
    ['upside down', headOf(irot(2)), [4032, 3024]],
    ['turned the other way', headOf(irot(3)), [3024, 4032]],
    ['mirrored', headOf(imir(0)), [4032, 3024]],
    ['turned and mirrored', headOf(irot(1), imir(1)), [3024, 4032]],
    ['mirrored and turned', headOf(imir(1), irot(3)), [3024, 4032]],
    ['cut', headOf(clap(4000, 1, 6001, 2, 0, 1, 0, 1)), [4000, 3001]],
    ['cut and turned', headOf(clap(4000, 1, 3000, 1, 0, 1, 0, 1), irot(1)), [3000, 4000]],
    ['cut to more than it is', headOf(clap(9000, 1, 3000, 1, 0, 1, 0, 1)), [4032, 3024]],
    ['cut to nothing', headOf(clap(0, 1, 3000, 0, 0, 1, 0, 1)), [4032, 3024]],
  ])('%s', (_, bytes, [width, height]) => {
    expect(probe(bytes)).toEqual({ format: 'heic', frames: 1, mayBeClear: false, width, height })
  })
  test.each(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs', 'mif1', 'msf1'])(
    'brand %s',
    (brand) => {
      const bytes = heic([SIZE], {}, { brand, properties: [irot(3)] })
      expect(probe(bytes)).toMatchObject({ format: 'heic', width: 3024, height: 4032 })
      expect(sniffIsoMedia(Buffer.from(bytes).toString('latin1'))).toMatch(/^image\/hei[cf]/)
    },
  )
})

describe('EXIF', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('orientation %i, with and without its letters', (value) => {
    expect(exifOrientation(exif(3, value))).toBe(value)
    expect(exifOrientation(Buffer.concat([Buffer.from('Exif\0\0'), exif(3, value)]))).toBe(value)
  })
  test.each([
    ['an orientation that there is none of', exif(3, 9)],
    ['an orientation of another type', exif(4, 6)],
    ['what is cut off', exif(3, 6).slice(0, 12)],
    ['no bytes', new Uint8Array(0)],
  ])('%s', (_, bytes) => {
    expect(exifOrientation(bytes)).toBeUndefined()
  })
})

describe('turns', () => {
  test.each([
    [0, undefined],
    [360, undefined],
    [-360, undefined],
    [45, undefined],
    [90, 90],
    [-90, 270],
    [180, 180],
    [-180, 180],
    [270, 270],
    [-270, 90],
  ])('%i degrees', (degrees, turn) => expect(quarterTurn(degrees)).toBe(turn))
  test.each([
    [1, 90, 90],
    [6, 90, 180],
    [6, 270, undefined],
    [8, 90, undefined],
    [3, 180, undefined],
    [2, 90, 270],
    [5, 90, undefined],
    [5, 270, 180],
    [7, 90, 180],
    [4, 180, undefined],
  ])('orientation %i, turned by %i', (orientation, by, turn) => {
    expect(turnFurther(uprightBy(orientation), by)).toBe(turn)
  })
  test('move a crop along', () => {
    const crop = planCrop({ width: 400, height: 200 }, { width: 100, height: 100 }, 'left')
    expect(turnedCrop(crop, 90)).toMatchObject({ side: 'top', width: 100, height: 100 })
    expect(turnedCrop(crop, 180)).toMatchObject({ side: 'right' })
    expect(turnedCrop(crop, 270)).toMatchObject({ side: 'bottom' })
    expect(mirroredCrop(crop)).toMatchObject({ side: 'right', left: 100 })
    expect(mirroredCrop(mirroredCrop(crop))).toEqual(crop)
  })
})
