import { z } from 'zod'
import { signUserJwt } from '#/auth/unbound-jwt'
import { ApiError } from '#/errors'
import { described, looseInteger, withDefault } from '#/http/params'
import { jwtModel } from '#/identity/sessions/models'
import { selfOf } from '#/identity/users/self'
import { route } from '#/pipeline/route'

export const createJWT = route(
  {
    name: 'account.createJWT',
    summary: 'Create a JWT',
    description:
      'Signs a JWT with which to act as the user; it ends with the current session. A ' +
      'JWT cannot ask for another one.',
    method: 'post',
    path: '/v1/account/jwts',
    aliases: ['/v1/account/jwt'],
    scopes: ['account'],
    authMethod: 'jwt',
    limit: { limit: 120, windowSeconds: 60, keys: ['url:{url},userId:{userId}'] },
    input: {
      body: z.object({
        duration: described(
          withDefault(looseInteger(0, 3600), 900),
          'How long the JWT is good for, in seconds; 0 is refused.',
        ),
      }),
    },
    status: 201,
    model: jwtModel,
    errors: ['user_jwt_creation_denied', 'user_session_not_found'],
  },
  async (c, { duration }) => {
    const { person, session } = selfOf(c)
    // Whoever is signed in without a session is so by a JWT.
    if (!session) throw new ApiError('user_jwt_creation_denied')
    // Differs: upstream fails with 500.
    if (duration === 0) {
      throw new ApiError(
        'general_argument_invalid',
        'Invalid `duration` param: a JWT that lasts 0 seconds is of no use',
      )
    }
    return signUserJwt(c, person.user.id, session.id, duration)
  },
)
