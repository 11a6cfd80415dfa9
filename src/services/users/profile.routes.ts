import { eq } from 'drizzle-orm'
import { z } from 'zod'
import { users } from '#/db/schema'
import { ApiError } from '#/errors'
import { tell } from '#/events/announce'
import { looseBoolean } from '#/http/params'
import { preferencesModel, userModel } from '#/identity/models'
import { inUser, plainText } from '#/identity/params'
import { changeUser } from '#/identity/users/open'
import { preferences } from '#/identity/users/preferences'
import { route } from '#/pipeline/route'

const boolean = z.boolean('must be true or false')

/** What the routes that change one thing of a user have in common. */
const changing = {
  scopes: ['users.write'],
  status: 200,
  model: userModel,
  errors: ['user_not_found'],
} as const

export const updateName = route(
  {
    ...changing,
    name: 'users.updateName',
    method: 'patch',
    path: '/v1/users/:userId/name',
    event: 'users.[userId].update.name',
    audit: 'user.update',
    input: { param: inUser, body: z.object({ name: plainText(128, 0) }) },
  },
  (c, { userId, name }) => changeUser(c, userId, { name }),
)

export const updateStatus = route(
  {
    ...changing,
    name: 'users.updateStatus',
    method: 'patch',
    path: '/v1/users/:userId/status',
    event: 'users.[userId].update.status',
    audit: 'user.update',
    input: { param: inUser, body: z.object({ status: looseBoolean }) },
  },
  (c, { userId, status }) => changeUser(c, userId, { status }),
)

const LABEL = /^[0-9A-Za-z]{1,36}$/
const label = z
  .string()
  .regex(LABEL, 'must be 1 to 36 letters and digits')
  .meta({ wire: { type: 'string', minLength: 1, maxLength: 36, pattern: '^[0-9A-Za-z]*$' } })

export const updateLabels = route(
  {
    ...changing,
    name: 'users.updateLabels',
    method: 'put',
    path: '/v1/users/:userId/labels',
    event: 'users.[userId].update.labels',
    audit: 'user.update',
    input: { param: inUser, body: z.object({ labels: z.array(label).max(1000) }) },
  },
  (c, { userId, labels }) => changeUser(c, userId, { labels: [...new Set(labels)] }),
)

export const updateEmailVerification = route(
  {
    ...changing,
    name: 'users.updateEmailVerification',
    method: 'patch',
    path: '/v1/users/:userId/verification',
    event: 'users.[userId].update.verification',
    audit: 'verification.update',
    input: { param: inUser, body: z.object({ emailVerification: boolean }) },
  },
  (c, { userId, emailVerification }) => changeUser(c, userId, { emailVerification }),
)

export const updatePhoneVerification = route(
  {
    ...changing,
    name: 'users.updatePhoneVerification',
    method: 'patch',
    path: '/v1/users/:userId/verification/phone',
    event: 'users.[userId].update.verification',
    audit: 'verification.update',
    input: { param: inUser, body: z.object({ phoneVerification: boolean }) },
  },
  (c, { userId, phoneVerification }) => changeUser(c, userId, { phoneVerification }),
)

export const updateImpersonator = route(
  {
    ...changing,
    name: 'users.updateImpersonator',
    method: 'patch',
    path: '/v1/users/:userId/impersonator',
    event: 'users.[userId].update.impersonator',
    audit: 'user.update',
    input: { param: inUser, body: z.object({ impersonator: looseBoolean }) },
  },
  (c, { userId, impersonator }) => changeUser(c, userId, { impersonator }),
)

export const getPrefs = route(
  {
    name: 'users.getPrefs',
    method: 'get',
    path: '/v1/users/:userId/prefs',
    scopes: ['users.read'],
    input: { param: inUser },
    status: 200,
    model: preferencesModel,
    errors: ['user_not_found'],
  },
  async (c, { userId }) => {
    const [user] = await c.var.db
      .select({ prefs: users.prefs })
      .from(users)
      .where(eq(users.id, userId))
    if (!user) throw new ApiError('user_not_found')
    return user.prefs
  },
)

export const updatePrefs = route(
  {
    name: 'users.updatePrefs',
    method: 'patch',
    path: '/v1/users/:userId/prefs',
    scopes: ['users.write'],
    event: 'users.[userId].update.prefs',
    input: { param: inUser, body: z.object({ prefs: preferences }) },
    status: 200,
    model: preferencesModel,
    errors: ['user_not_found'],
  },
  async (c, { userId, prefs }) => {
    const changed = await changeUser(c, userId, { prefs })
    tell(c, { payload: (view) => userModel.wire(changed, view) })
    return changed.user.prefs
  },
)
