import { hashSync } from 'bcryptjs'
import { expect, test } from 'vitest'
import { hashSignExtended } from '#/passwords/bcrypt-2x'

const bytes = (latin1: string) => Uint8Array.from(latin1, (character) => character.charCodeAt(0))
const SALT = '/OK.fbVrR/bpIqNJ5ianF.'
const OTHER_SALT = '6bNw2HLQYeqHYyBfLMsv/O'

test.each([
  ['\xa3', SALT, 'CE5elHaaO4EbggVDjb8P19RukzXSM3e'],
  ['\xff\xff\xa3', SALT, 'CE5elHaaO4EbggVDjb8P19RukzXSM3e'],
  ['1\xa3345', SALT, 'o./n25XVfn6oAPaUvHe.Csk4zRfsYPi'],
  ['\xff\xa3345', SALT, 'o./n25XVfn6oAPaUvHe.Csk4zRfsYPi'],
  ['\xff\xa334\xff\xff\xff\xa3345', SALT, 'o./n25XVfn6oAPaUvHe.Csk4zRfsYPi'],
  ['\xa3ab', SALT, '6IflQkJytoRVc1yuaNtHfiuq.FRlSIS'],
  ['\xd1\x91', OTHER_SALT, 'iwqTymGIGzFsA4hOTWebfehXHNprcAS'],
  ['\xd0\xc1\xd2\xcf\xcc\xd8', OTHER_SALT, '9LIGgn8OMzuDoHfof8AQimSGfcSWxnS'],
])('hashes %j as crypt_blowfish 1.0 did', (password, salt, checksum) =>
  expect(hashSignExtended(bytes(password), 5, salt)).toBe(checksum),
)

test.each([
  ['übermut', 'GoOtPktuFG5dhrSvQObP7lkpuy1niSe'],
  ['passörd', '0CEs1jo/IxMHLIv2lgOMb7wy.7QKgeu'],
  ['пароль', 'PGWrzXtngH365mchumlFNUDTAtawmbq'],
  ['🔑'.repeat(20), 'ZPFoRYXYYwD3FAVa7.TGrhY3r/EGivq'],
])('hashes %s as libxcrypt 4.4 does', (password, checksum) =>
  expect(hashSignExtended(new TextEncoder().encode(password), 5, OTHER_SALT)).toBe(checksum),
)

test.each(['', 'U*U', 'a'.repeat(71), 'a'.repeat(72), 'a'.repeat(73)])(
  'hashes the ASCII password %j as every other revision does',
  (password) =>
    expect(hashSignExtended(bytes(password), 4, SALT)).toBe(
      hashSync(password, `$2b$04$${SALT}`).slice(-31),
    ),
)
