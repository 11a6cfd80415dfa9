import { hashSync } from 'bcryptjs'
import { expect, test } from 'vitest'
import { bcryptChecksum } from '#/identity/passwords/hashes/blowfish'

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
])('hashes %j as crypt_blowfish 1.0 did', async (password, salt, checksum) =>
  expect(await bcryptChecksum(bytes(password), 5, salt, true)).toBe(checksum),
)

test.each([
  ['übermut', 'GoOtPktuFG5dhrSvQObP7lkpuy1niSe'],
  ['passörd', '0CEs1jo/IxMHLIv2lgOMb7wy.7QKgeu'],
  ['пароль', 'PGWrzXtngH365mchumlFNUDTAtawmbq'],
  ['🔑'.repeat(20), 'ZPFoRYXYYwD3FAVa7.TGrhY3r/EGivq'],
])('hashes %s as libxcrypt 4.4 does', async (password, checksum) =>
  expect(await bcryptChecksum(new TextEncoder().encode(password), 5, OTHER_SALT, true)).toBe(
    checksum,
  ),
)

test.each(['', 'U*U', 'a'.repeat(71), 'a'.repeat(72), 'a'.repeat(73)])(
  'hashes the ASCII password %j as every other revision does',
  async (password) => {
    const expected = hashSync(password, `$2b$04$${SALT}`).slice(-31)
    expect(await bcryptChecksum(bytes(password), 4, SALT, true)).toBe(expected)
    expect(await bcryptChecksum(bytes(password), 4, SALT, false)).toBe(expected)
  },
)

test.each(['übermut', 'пароль', '🔑'.repeat(20)])('hashes %s as bcryptjs does', async (password) =>
  expect(await bcryptChecksum(new TextEncoder().encode(password), 5, OTHER_SALT, false)).toBe(
    hashSync(password, `$2b$05$${OTHER_SALT}`).slice(-31),
  ),
)
