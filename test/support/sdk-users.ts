import { spawnSync } from 'node:child_process'
import { Account, Client, ID, PasswordHash, Project, Teams, Users } from 'node-appwrite'
import { inject } from 'vitest'
import { quietEnv } from '../../src/cli/quiet.ts'

export const endpoint = inject('endpoint')
export const newClient = () => new Client().setEndpoint(endpoint).setProject('edgewrite')
export const server = newClient().setKey(inject('apiKey'))
export const [users, teams, project] = [new Users(server), new Teams(server), new Project(server)]

export const PASSWORD = 'correct horse battery'
export const newEmail = () => `${crypto.randomUUID()}@example.com`
export const newPhone = () => `+4915${String(Math.floor(Math.random() * 1e9)).padStart(9, '0')}`
export const newUser = (fields: { email?: string; phone?: string; name?: string } = {}) =>
  users.create({ userId: ID.unique(), name: 'Ann', ...fields })

/** Returns the account of somebody whom the server signs in. */
export async function accountOf(userId: string) {
  const { secret } = await users.createSession({ userId })
  return new Account(newClient().setSession(secret))
}

/** Stores a row as an owner can at any time: by hand, in the database. */
function execute(sql: string) {
  const state = inject('state')
  const where = ['--local', '--persist-to', `${state}/state`]
  const { status, stdout, stderr } = spawnSync(
    'wrangler',
    ['d1', 'execute', 'DB', ...where, '--command', sql],
    { env: quietEnv(state), encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`${stdout}${stderr}`)
}

/** Links a user to an account at a sign-in provider. @returns the ID of the link */
export function link(userId: string, email = ''): string {
  const id = crypto.randomUUID().slice(0, 20)
  execute(`insert into identities (id, user_id, provider, provider_uid, provider_email, provider_access_token,
    provider_refresh_token, created_at, updated_at)
    values ('${id}', '${userId}', 'github', '${id}', '${email}', '', '', 0, 0)`)
  return id
}

const HASHES = {
  argon2: '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
  bcrypt: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
  md5: '5f4dcc3b5aa765d61d8327deb882cf99',
  phpass: '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0',
  sha: 'a9993e364706816aba3e25717850c26c9cd0d89d',
  scrypt: 'ab'.repeat(64),
  scryptMod:
    'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
} as const
const SCRYPT = {
  passwordSalt: 'NaCl',
  ...{ passwordCpu: 8, passwordMemory: 14, passwordParallel: 1, passwordLength: 64 },
}
const FIREBASE = {
  ...{ passwordSalt: '42xEC+ixf3L2lw==', passwordSaltSeparator: 'Bw==' },
  passwordSignerKey:
    'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
}

type Person = { userId: string; email: string; name: string }
/** The eight ways to make a user, each with a password that fits. */
export const CREATE = {
  create: (person: Person) => users.create({ ...person, password: PASSWORD }),
  createArgon2User: (person: Person) =>
    users.createArgon2User({ ...person, password: HASHES.argon2 }),
  createBcryptUser: (person: Person) =>
    users.createBcryptUser({ ...person, password: HASHES.bcrypt }),
  createMD5User: (person: Person) => users.createMD5User({ ...person, password: HASHES.md5 }),
  createPHPassUser: (person: Person) =>
    users.createPHPassUser({ ...person, password: HASHES.phpass }),
  createSHAUser: (person: Person) =>
    users.createSHAUser({ ...person, password: HASHES.sha, passwordVersion: PasswordHash.Sha1 }),
  createScryptUser: (person: Person) =>
    users.createScryptUser({ ...person, password: HASHES.scrypt, ...SCRYPT }),
  createScryptModifiedUser: (person: Person) =>
    users.createScryptModifiedUser({ ...person, password: HASHES.scryptMod, ...FIREBASE }),
}
type Creating = keyof typeof CREATE
export const CREATING = Object.keys(CREATE) as Creating[] // its own keys
export const person = (fields: Partial<Person> = {}): Person => ({
  userId: ID.unique(),
  email: newEmail(),
  name: 'Ann',
  ...fields,
})
/** What personal data a password of each kind contains: a part of itself as the name. */
export const nameWithin: Record<Creating, string> = {
  create: 'horse',
  createArgon2User: 'argon2id',
  createBcryptUser: 'CCCC',
  createMD5User: 'cc3b5',
  createPHPassUser: 'RaTwm',
  createSHAUser: '993e3',
  createScryptUser: 'abab',
  createScryptModifiedUser: 'SrfV15c',
}
