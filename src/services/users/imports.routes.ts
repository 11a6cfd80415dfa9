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

/** Gives what the routes that take over a hash have in common (users contract 4.1). */
const importing = <Name extends string>(name: Name, kind: ImportRoute, algorithm: string) =>
  ({
    name: `users.${name}`,
    summary: `Create a user with ${algorithm} hash`,
    description: `Creates a user whose password is known as ${algorithm} hash, which their next sign-in replaces. API keys only. Unlike with Appwrite, a hash that could never be checked is refused.`,
    method: 'post',
    path: `/v1/users/${kind}`,
    scopes: ['users.write'],
    event: 'users.[userId].create',
    audit: 'user.create',
    status: 201,
    model: userModel,
    errors: CREATE_ERRORS,
  }) as const

const person = {
  userId: customIdOf('user'),
  email,
  password: password.describe('The hash of the password, of 8 to 256 bytes.'),
}
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

const hashOnly = z.object({ ...person, ...name })

export const createArgon2User = route(
  { ...importing('createArgon2User', 'argon2', 'an Argon2'), input: { body: hashOnly } },
  (c, given) => importUser(c, 'argon2', given),
)

export const createBcryptUser = route(
  { ...importing('createBcryptUser', 'bcrypt', 'a bcrypt'), input: { body: hashOnly } },
  (c, given) => importUser(c, 'bcrypt', given),
)

export const createMD5User = route(
  { ...importing('createMD5User', 'md5', 'an MD5'), input: { body: hashOnly } },
  (c, given) => importUser(c, 'md5', given),
)

export const createPHPassUser = route(
  { ...importing('createPHPassUser', 'phpass', 'a phpass'), input: { body: hashOnly } },
  (c, given) => importUser(c, 'phpass', given),
)

export const createSHAUser = route(
  {
    ...importing('createSHAUser', 'sha', 'a SHA'),
    input: {
      body: z.object({
        ...person,
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
        ...person,
        passwordSalt: sound.describe('Salt, as text.'),
        passwordCpu: int32.describe('Cost N, a power of two: the number itself.'),
        passwordMemory: int32.describe('Block size r.'),
        passwordParallel: int32.describe('Parallelism p.'),
        passwordLength: int32.describe('Length of the hash in bytes, 16 or more.'),
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
        ...person,
        passwordSalt: sound.describe('Salt, in base64.'),
        passwordSaltSeparator: sound.describe('Separator behind the salt, in base64.'),
        passwordSignerKey: sound.describe('Key of the signer, in base64.'),
        ...name,
      }),
    },
  },
  (c, given) => importUser(c, 'scrypt-modified', given),
)
