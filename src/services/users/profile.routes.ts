import { eq } from 'drizzle-orm'
import { z } from 'zod'
import { users } from '#/db/schema'
import { ApiError } from '#/errors'
import { tell } from '#/events/announce'
import { described, looseBoolean } from '#/http/params'
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
    summary: "Change a user's name",
    description: 'Sets or clears the name of a user. API keys only.',
    method: 'patch',
    path: '/v1/users/:userId/name',
    event: 'users.[userId].update.name',
    audit: 'user.update',
    input: {
      param: inUser,
      body: z.object({ name: described(plainText(128, 0), "Name of the user, or '' for none.") }),
    },
  },
  (c, { userId, name }) => changeUser(c, userId, { name }),
)

export const updateStatus = route(
  {
    ...changing,
    name: 'users.updateStatus',
    summary: 'Block or unblock a user',
    description:
      'Blocks a user, whose sessions then open nothing and whose links and codes are ' +
      'void, or lets them in again. API keys only.',
    method: 'patch',
    path: '/v1/users/:userId/status',
    event: 'users.[userId].update.status',
    audit: 'user.update',
    input: {
      param: inUser,
      body: z.object({
        status: looseBoolean.describe('Whether the user may sign in; false blocks them.'),
      }),
    },
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
    summary: "Replace a user's labels",
    description:
      'Replaces the labels of a user, each of which grants the role `label:<label>`. ' +
      'API keys only. Repeats are dropped.',
    method: 'put',
    path: '/v1/users/:userId/labels',
    event: 'users.[userId].update.labels',
    audit: 'user.update',
    input: {
      param: inUser,
      body: z.object({
        labels: described(z.array(label).max(1000), 'The labels, in place of the present ones.'),
      }),
    },
  },
  (c, { userId, labels }) => changeUser(c, userId, { labels: [...new Set(labels)] }),
)

export const updateEmailVerification = route(
  {
    ...changing,
    name: 'users.updateEmailVerification',
    summary: "Mark a user's e-mail address as verified",
    description: 'Sets whether the e-mail address of a user counts as verified. API keys only.',
    method: 'patch',
    path: '/v1/users/:userId/verification',
    event: 'users.[userId].update.verification',
    audit: 'verification.update',
    input: {
      param: inUser,
      body: z.object({ emailVerification: boolean.describe('Whether the address is verified.') }),
    },
  },
  (c, { userId, emailVerification }) => changeUser(c, userId, { emailVerification }),
)

export const updatePhoneVerification = route(
  {
    ...changing,
    name: 'users.updatePhoneVerification',
    summary: "Mark a user's phone number as verified",
    description: 'Sets whether the phone number of a user counts as verified. API keys only.',
    method: 'patch',
    path: '/v1/users/:userId/verification/phone',
    event: 'users.[userId].update.verification',
    audit: 'verification.update',
    input: {
      param: inUser,
      body: z.object({ phoneVerification: boolean.describe('Whether the number is verified.') }),
    },
  },
  (c, { userId, phoneVerification }) => changeUser(c, userId, { phoneVerification }),
)

export const updateImpersonator = route(
  {
    ...changing,
    name: 'users.updateImpersonator',
    summary: 'Allow a user to impersonate others',
    description: 'Sets whether a user may read users and act as another one. API keys only.',
    method: 'patch',
    path: '/v1/users/:userId/impersonator',
    event: 'users.[userId].update.impersonator',
    audit: 'user.update',
    input: {
      param: inUser,
      body: z.object({
        impersonator: looseBoolean.describe('Whether the user may act as another one.'),
      }),
    },
  },
  (c, { userId, impersonator }) => changeUser(c, userId, { impersonator }),
)

export const getPrefs = route(
  {
    name: 'users.getPrefs',
    summary: "Get a user's preferences",
    description: 'Returns the preferences of a user. API keys and impersonators only.',
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
    summary: "Replace a user's preferences",
    description: 'Replaces the preferences of a user as a whole. API keys only.',
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
