import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { hashPassword, importHash, type Stored, verifyPassword } from '#/identity/passwords'

/** What runs between the tasks of a hash; the clock stands still, as it does while a deployed Worker computes. */
let turns = 0
let timer: ReturnType<typeof setInterval>

beforeEach(() => {
  turns = 0
  timer = setInterval(() => turns++, 0)
  vi.spyOn(Date, 'now').mockReturnValue(0)
  vi.spyOn(performance, 'now').mockReturnValue(0)
})
afterEach(() => {
  clearInterval(timer)
  vi.restoreAllMocks()
})

const HASHES: [name: string, stored: () => Stored, least: number][] = [
  [
    'Argon2id in 64 MiB with 4 passes and 3 lanes',
    () =>
      importHash('argon2', {
        password:
          '$argon2id$v=19$m=65536,t=4,p=3$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
      }),
    100,
  ],
  [
    'scrypt',
    () =>
      importHash('scrypt', {
        ...{ password: 'ab'.repeat(64), passwordSalt: 'NaCl', passwordLength: 64 },
        ...{ passwordCpu: 2 ** 15, passwordMemory: 8, passwordParallel: 1 },
      }),
    25,
  ],
  [
    'bcrypt of cost 12',
    () =>
      importHash('bcrypt', {
        password: '$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW',
      }),
    25,
  ],
  ['phpass', () => importHash('phpass', { password: '$P$DohUJ.1sdFw09/bMaAQPTGDNi2BIUt1' }), 10],
]

test.each(HASHES)(
  '%s lets others through under a clock that stands still',
  async (_, stored, least) => {
    expect(await verifyPassword('wrong password', stored())).toBe(false)
    expect(turns).toBeGreaterThanOrEqual(least)
  },
)

test('a new password lets others through as well', async () => {
  await hashPassword('correct horse battery staple')
  expect(turns).toBeGreaterThanOrEqual(10)
})
