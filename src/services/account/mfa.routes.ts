import { eq } from 'drizzle-orm'
import { z } from 'zod'
import { gather } from '#/db/gather'
import { users } from '#/db/schema'
import { touched } from '#/db/touch'
import { described } from '#/http/params'
import { factorsOf } from '#/identity/factors/factors'
import { mfaFactorsModel } from '#/identity/factors/models'
import { unusedCodes } from '#/identity/factors/recovery-codes'
import { accountModel } from '#/identity/models'
import { currentSession } from '#/identity/sessions/current'
import { addFactors, provedFactors } from '#/identity/sessions/session-factors'
import { ownOrigin } from '#/identity/users/origins'
import { accountOf, goneMeanwhile, selfOf } from '#/identity/users/self'
import { sendFactorNotice } from '#/messaging/mail/notice'
import { passFresh } from '#/pipeline/gates'
import { route } from '#/pipeline/route'

export const updateMFA = route(
  {
    name: 'account.updateMFA',
    summary: 'Turn the second factor on or off',
    description:
      'Sets whether the user has to show a second factor. Turning it on adds what is ' +
      'proven already to the current session, so that it is not locked out.',
    method: 'patch',
    path: '/v1/account/mfa',
    scopes: ['account'],
    event: 'users.[userId].update.mfa',
    audit: 'user.update',
    input: {
      body: z.object({
        mfa: described(z.boolean('must be true or false'), 'Whether a second factor is asked for.'),
      }),
    },
    status: 200,
    model: accountModel,
    errors: ['user_challenge_required', 'user_session_not_found'],
  },
  async (c, { mfa }) => {
    const { db, now } = c.var
    const { person, session } = currentSession(c)
    // Differs: upstream switches it off for whoever holds the session.
    if (!mfa && person.user.mfa) await passFresh(c, true)
    const batch = gather(db)
    const rows = batch.add(
      db
        .update(users)
        .set(touched(users, { mfa, mfaOrigin: ownOrigin() }, now))
        .where(eq(users.id, person.user.id))
        .returning(),
    )
    if (mfa) batch.add(addFactors(c, session.id, provedFactors(person)))
    await batch.run()
    const [user] = rows()
    if (!user) throw goneMeanwhile()
    if (mfa !== person.user.mfa) sendFactorNotice(c, user, mfa ? 'mfaOn' : 'mfaOff')
    return accountOf(user, person.targets)
  },
)

export const listMFAFactors = route(
  {
    name: 'account.listMFAFactors',
    summary: 'List the factors that can be shown',
    description:
      'Returns which second factors the user could be asked for. A session that lacks ' +
      'one may call it.',
    method: 'get',
    path: '/v1/account/mfa/factors',
    scopes: ['account'],
    mfa: 'exempt',
    input: {},
    status: 200,
    model: mfaFactorsModel,
    errors: [],
  },
  async (c) => {
    const person = selfOf(c).person
    const { db, now } = c.var
    const { id, recoveryCodes } = person.user
    const codes = recoveryCodes ? await unusedCodes(db, id, now) : []
    return factorsOf(c, person, codes.length > 0)
  },
)
