import type { Context } from 'hono'
import { z } from 'zod'
import type { AppEnv } from '#/http/context'
import { described, optional, text } from '#/http/params'
import { userModel } from '#/identity/models'
import { password, plainText } from '#/identity/params'
import { type ImportParams, type ImportRoute, importHash, SHA_VERSIONS } from '#/identity/passwords'
import { CREATE_ERRORS, createUser } from '#/identity/users/create'
import { customIdOf } from '#/ids'
import { email } from '#/lib/contact/email'
import { route } from '#/pipeline/route'

/** Returns what the routes that take over a hash have in common (docs/contract/users.md §4.1). */
const importing = <Name extends string>(name: Name, kind: ImportRoute, algorithm: string) =>
  ({
    name: `users.${name}`,
    summary: `Create a user with ${algorithm} hash`,
    description:
      `Creates a user whose password is known as ${algorithm} hash` +
      `${kind === 'argon2' ? '' : ', which the next sign-in with it replaces'}. API keys only. ` +
      'Unlike with Appwrite, a hash that could never be checked is refused.',
    method: 'post',
    path: `/v1/users/${kind}`,
    scopes: ['users.write'],
    event: 'users.[userId].create',
    audit: 'user.create',
    status: 201,
    model: userModel,
    errors: CREATE_ERRORS,
  }) as const

const userId = customIdOf('user')
const description = 'The hash of the password, of 8 to 256 bytes.'
/** Takes who a user is, and the hash; the example is one of the kind. */
const person = (hash: string) => ({
  userId,
  email,
  password: password.meta({ description, examples: [hash] }),
})
const name = { name: described(optional(plainText(128)), 'Name of the user.') }
const sound = text(128)
  .refine((value) => value.isWellFormed(), 'must be valid text')
  .meta({ wire: { type: 'string', minLength: 1, maxLength: 128 } })
const int32 = z
  .int32('must be an integer')
  .meta({ wire: { type: 'integer', format: 'int32', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 } })

type Imported = { userId: string; email: string; name?: string | undefined }

/** Stores a user with a hash from elsewhere. Throws as `importHash`, and as {@link createUser}. */
async function importUser<Kind extends ImportRoute>(
  c: Context<AppEnv>,
  kind: Kind,
  given: Imported & ImportParams[Kind],
) {
  const { userId, email, name } = given
  const stored = importHash(kind, given)
  return createUser(c, { userId, email, name }, stored.password, async () => stored)
}

const hashOnly = (hash: string) => ({ body: z.object({ ...person(hash), ...name }) })

export const createArgon2User = route(
  {
    ...importing('createArgon2User', 'argon2', 'an Argon2'),
    input: hashOnly(
      '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
    ),
  },
  (c, given) => importUser(c, 'argon2', given),
)

export const createBcryptUser = route(
  {
    ...importing('createBcryptUser', 'bcrypt', 'a bcrypt'),
    input: hashOnly('$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'),
  },
  (c, given) => importUser(c, 'bcrypt', given),
)

export const createMD5User = route(
  {
    ...importing('createMD5User', 'md5', 'an MD5'),
    input: hashOnly('5f4dcc3b5aa765d61d8327deb882cf99'),
  },
  (c, given) => importUser(c, 'md5', given),
)

export const createPHPassUser = route(
  {
    ...importing('createPHPassUser', 'phpass', 'a phpass'),
    input: hashOnly('$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0'),
  },
  (c, given) => importUser(c, 'phpass', given),
)

export const createSHAUser = route(
  {
    ...importing('createSHAUser', 'sha', 'a SHA'),
    input: {
      body: z.object({
        ...person('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'),
        passwordVersion: described(
          optional(z.enum(SHA_VERSIONS).meta({ wire: { type: 'string' } })),
          'Which function of the SHA families it is; `sha256` by default.',
        ),
        ...name,
      }),
    },
  },
  (c, given) => importUser(c, 'sha', given),
)

export const createScryptUser = route(
  {
    ...importing('createScryptUser', 'scrypt', 'an scrypt'),
    input: {
      body: z.object({
        ...person('fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162'),
        passwordSalt: sound.meta({ description: 'Salt, as text.', examples: ['NaCl'] }),
        passwordCpu: int32.meta({
          description: 'Cost N, a power of two: the number itself.',
          examples: [1024],
        }),
        passwordMemory: int32.meta({ description: 'Block size r.', examples: [8] }),
        passwordParallel: int32.meta({ description: 'Parallelism p.', examples: [16] }),
        passwordLength: int32.meta({
          description: 'Length of the hash in bytes, 16 or more.',
          examples: [32],
        }),
        ...name,
      }),
    },
  },
  (c, given) => importUser(c, 'scrypt', given),
)

export const createScryptModifiedUser = route(
  {
    ...importing('createScryptModifiedUser', 'scrypt-modified', 'a Firebase scrypt'),
    input: {
      body: z.object({
        ...person(
          'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
        ),
        passwordSalt: sound.meta({
          description: 'Salt, in base64.',
          examples: ['42xEC+ixf3L2lw=='],
        }),
        passwordSaltSeparator: sound.meta({
          description: 'Separator behind the salt, in base64.',
          examples: ['Bw=='],
        }),
        passwordSignerKey: sound.meta({
          description: 'Key of the signer, in base64.',
          examples: [
            'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
          ],
        }),
        ...name,
      }),
    },
  },
  (c, given) => importUser(c, 'scrypt-modified', given),
)
