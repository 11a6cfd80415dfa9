import {
  hashPassword,
  type ImportParams,
  type ImportRoute,
  importHash,
  isReused,
} from '#/identity/passwords'
import { type Cost, IMPORT_BUDGET } from '#/identity/passwords/hashes/algorithm'
import { ALGORITHMS } from '#/identity/passwords/hashes/algorithms'
import { NEW_COST } from '#/identity/passwords/hashes/argon2'

/** One line of the table; `?run=N` does its work once, `/` lists the lines. */
type Line = { name: string; cost: Cost; work: () => Promise<unknown> }

const LONGEST = 'a'.repeat(256)

function line<Route extends ImportRoute>(
  name: string,
  route: Route,
  params: ImportParams[Route],
  password = 'password',
): Line {
  const stored = importHash(route, params)
  const parsed = ALGORITHMS[stored.hash].parse(stored.password, stored.hashOptions)
  if (!parsed) throw new Error(`${name} is malformed.`)
  return { name, cost: parsed.cost, work: () => isReused(password, [stored.password], stored) }
}

const argon2 = (name: string, parameters: string) =>
  line(name, 'argon2', {
    password: `$argon2id$v=19$${parameters}$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc`,
  })

const bcrypt = (name: string, prefix: string, password?: string) =>
  line(
    name,
    'bcrypt',
    { password: `${prefix}R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW` },
    password,
  )

const scrypt = (
  name: string,
  passwordCpu: number,
  passwordMemory: number,
  passwordParallel: number,
) =>
  line(name, 'scrypt', {
    ...{ password: 'ab'.repeat(64), passwordSalt: 'NaCl', passwordLength: 64 },
    ...{ passwordCpu, passwordMemory, passwordParallel },
  })

const phpass = (name: string, log2: string, password: string) =>
  line(name, 'phpass', { password: `$P$${log2}ohUJ.1sdFw09/bMaAQPTGDNi2BIUt1` }, password)

/** Returns the lines; imports draw random numbers, which only a request may. */
const lines = (): Line[] => [
  {
    name: 'new password: Argon2id, 7 MiB, 5 passes',
    cost: NEW_COST,
    work: () => hashPassword('password'),
  },
  argon2('Argon2id, 19 MiB, 2 passes', 'm=19456,t=2,p=1'),
  argon2('Argon2id, 64 MiB, 4 passes, 3 lanes', 'm=65536,t=4,p=3'),
  argon2('Argon2id at the limit: 64 MiB, 6 passes', 'm=65536,t=6,p=1'),
  bcrypt('bcrypt, cost 10', '$2y$10$'),
  bcrypt('bcrypt 2x, cost 10, not ASCII', '$2x$10$', 'übermut'),
  bcrypt('bcrypt, cost 12', '$2y$12$'),
  bcrypt('bcrypt at the limit: cost 15', '$2y$15$'),
  phpass('phpass, 2^13 rounds', 'B', 'password'),
  phpass('phpass at the limit: 2^19 rounds, 256 bytes', 'H', LONGEST),
  scrypt('scrypt, N=8, r=14, p=1', 8, 14, 1),
  scrypt('scrypt, N=2^14, r=8, p=1', 2 ** 14, 8, 1),
  scrypt('scrypt at the limit: N=2^16, r=8, p=7', 2 ** 16, 8, 7),
  line('Firebase’s scrypt', 'scrypt-modified', {
    password:
      'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
    passwordSalt: '42xEC+ixf3L2lw==',
    passwordSaltSeparator: 'Bw==',
    passwordSignerKey:
      'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
  }),
  line('MD5, 256 bytes', 'md5', { password: 'ab'.repeat(16) }, LONGEST),
  line(
    'SHA3-512, 256 bytes',
    'sha',
    { password: 'ab'.repeat(64), passwordVersion: 'sha3-512' },
    LONGEST,
  ),
]

/** Answers the lines and their limits, or what running one of them gave. */
export default {
  async fetch(request: Request): Promise<Response> {
    const run = new URL(request.url).searchParams.get('run')
    if (run === null) {
      return Response.json({
        limit: IMPORT_BUDGET,
        lines: lines().map(({ name, cost }) => ({ name, cost })),
      })
    }
    return Response.json({ result: await lines()[Number(run)]?.work() })
  },
}
