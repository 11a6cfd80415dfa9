import { expect, test } from 'vitest'
import { settingsFaults } from '#/lib/settings-faults'

const known = [
  'PLATFORMS',
  'PUBLIC_URL',
  'MAIL_FROM',
  'SMTP_URL',
  'SMS_URL',
  'SMS_FROM',
  'SMS_HEADERS',
]
const given = { names: ['PLATFORMS', 'MAIL_FROM'], known, deadPlatforms: [], hasMailer: false }

test('finds nothing in settings that all take effect', () => {
  const names = [...known, 'CF_VERSION_METADATA', 'COMMIT', 'NODE_ENV', 'MY_OWN_THING']
  expect(settingsFaults({ ...given, names, hasMailer: true })).toEqual([])
})

test.each([
  ['PLATFORM', 'PLATFORMS'],
  ['platforms', 'PLATFORMS'],
  ['PLATTFORMS', 'PLATFORMS'],
  ['PUBLIC_URI', 'PUBLIC_URL'],
  ['PUBLICURL', 'PUBLIC_URL'],
  ['MAILFROM', 'MAIL_FROM'],
  ['SMPT_URL', 'SMTP_URL'],
])('%s is a slip for %s', (name, meant) => {
  expect(settingsFaults({ ...given, names: ['SMS_URL', name] })).toEqual([
    `${name} is no setting and does nothing. ${meant} is.`,
  ])
})

test('names what needs something else, and platforms that nothing matches', () => {
  const names = ['SMS_FROM', 'SMS_HEADERS']
  const deadPlatforms = ['a.*.example']
  expect(settingsFaults({ ...given, names, deadPlatforms, hasMailer: true })).toEqual([
    'SMS_FROM does nothing without SMS_URL.',
    'SMS_HEADERS does nothing without SMS_URL.',
    'The binding EMAIL does nothing without MAIL_FROM.',
    'PLATFORMS has a.*.example, which no origin can match.',
  ])
})
