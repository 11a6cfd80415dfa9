import type { Context } from 'hono'
import { z } from 'zod'
import type { AppEnv } from '#/http/context'
import { optional, text } from '#/http/params'
import { userModel } from '#/identity/models'
import { password, plainText } from '#/identity/params'
import { type ImportParams, type ImportRoute, importHash, SHA_VERSIONS } from '#/identity/passwords'
import { CREATE_ERRORS, createUser } from '#/identity/users/create'
import { customId } from '#/ids'
import { email } from '#/lib/contact/email'
import { route } from '#/pipeline/route'

/** Gives what the routes that take over a hash have in common (users contract 4.1). */
const importing = <Name extends string>(name: Name, kind: ImportRoute) =>
  ({
    name: `users.${name}`,
    method: 'post',
    path: `/v1/users/${kind}`,
    scopes: ['users.write'],
    event: 'users.[userId].create',
    audit: 'user.create',
    status: 201,
    model: userModel,
    errors: CREATE_ERRORS,
  }) as const

const person = { userId: customId, email, password }
const name = { name: optional(plainText(128)) }
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
  { ...importing('createArgon2User', 'argon2'), input: { body: hashOnly } },
  (c, given) => importUser(c, 'argon2', given),
)

export const createBcryptUser = route(
  { ...importing('createBcryptUser', 'bcrypt'), input: { body: hashOnly } },
  (c, given) => importUser(c, 'bcrypt', given),
)

export const createMD5User = route(
  { ...importing('createMD5User', 'md5'), input: { body: hashOnly } },
  (c, given) => importUser(c, 'md5', given),
)

export const createPHPassUser = route(
  { ...importing('createPHPassUser', 'phpass'), input: { body: hashOnly } },
  (c, given) => importUser(c, 'phpass', given),
)

export const createSHAUser = route(
  {
    ...importing('createSHAUser', 'sha'),
    input: {
      body: z.object({
        ...person,
        passwordVersion: optional(z.enum(SHA_VERSIONS).meta({ wire: { type: 'string' } })),
        ...name,
      }),
    },
  },
  (c, given) => importUser(c, 'sha', given),
)

export const createScryptUser = route(
  {
    ...importing('createScryptUser', 'scrypt'),
    input: {
      body: z.object({
        ...person,
        passwordSalt: sound,
        passwordCpu: int32,
        passwordMemory: int32,
        passwordParallel: int32,
        passwordLength: int32,
        ...name,
      }),
    },
  },
  (c, given) => importUser(c, 'scrypt', given),
)

export const createScryptModifiedUser = route(
  {
    ...importing('createScryptModifiedUser', 'scrypt-modified'),
    input: {
      body: z.object({
        ...person,
        passwordSalt: sound,
        passwordSaltSeparator: sound,
        passwordSignerKey: sound,
        ...name,
      }),
    },
  },
  (c, given) => importUser(c, 'scrypt-modified', given),
)
