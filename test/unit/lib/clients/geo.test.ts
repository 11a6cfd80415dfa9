import { expect, test } from 'vitest'
import { countryOf } from '#/lib/clients/geo'

const from = (country: unknown) => countryOf({ cf: { country } } as Pick<Request, 'cf'>)

test.each([
  ['DE', 'de'],
  ['us', 'us'],
  ['XK', 'xk'],
])('gives %s in lower case', (country, expected) => {
  expect(from(country)).toBe(expected)
})

test.each(['XX', 'xx', 'T1', '', 'D', 'DEU', 'D1', 'DE\n', undefined, null, 49, ['DE']])(
  'does not know %j',
  (country) => {
    expect(from(country)).toBe('--')
  },
)

test('knows nothing where the platform tells nothing', () => {
  expect(countryOf(new Request('https://api.example.com'))).toBe('--')
})
