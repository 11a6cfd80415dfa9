import { eq } from 'drizzle-orm'
import { oneTimeSecrets } from '#/db/schema'
import {
  address,
  codeIn,
  GUEST,
  type Headers_,
  linkIn,
  PASSWORD,
  phoneNumber,
  redeemedBy,
  sentTo,
} from '#test/support/account'
import { must } from '#test/support/claims'
import { after } from '#test/support/clock'
import { challenge } from '#test/support/mfa'
import { acceptAs, founded, inviteTo, linkTo, readLink } from '#test/support/teams'
import { ROOT, type World } from '#test/support/world'

/** Somebody to whom secrets are sent, signed in here and somewhere else. */
export type Addressee = {
  id: string
  email: string
  phone: string
  headers: Headers_
  elsewhere: Headers_
}

/** Uses a secret; `by` is the session of whoever does. */
export type Use = (by?: Headers_) => Promise<{ status: number }>

const redirect = { url: 'http://localhost/' }
const newest = async (w: World, to: string) => (await sentTo(w, to))[0] ?? { text: '' }
const exchange =
  (w: World, given: { userId: string; secret: string }): Use =>
  (by = GUEST) =>
    w.send('post', '/account/sessions/token', given, by)
const put =
  (w: World, path: string, given: object): Use =>
  (by = GUEST) =>
    w.send('put', path, given, by)

const recovery = { password: 'another horse battery' }

/** Sends each kind of secret that is mailed or texted, or that a server passes on. */
export const SENT: Record<string, (w: World, who: Addressee) => Promise<Use>> = {
  'recovery link': async (w, { email }) => {
    await must(w.send('post', '/account/recovery', { email, ...redirect }, GUEST))
    const given = { ...redeemedBy(linkIn(await newest(w, email))), ...recovery }
    return put(w, '/account/recovery', given)
  },
  'recovery code': async (w, { id: userId, email }) => {
    await must(w.send('post', '/account/recovery/otp', { email }, GUEST))
    const secret = codeIn(await newest(w, email))
    return put(w, '/account/recovery/otp', { userId, secret, ...recovery })
  },
  'magic link': async (w, { email }) => {
    const given = { userId: 'unique()', email, ...redirect }
    await must(w.send('post', '/account/tokens/magic-url', given, GUEST))
    return exchange(w, redeemedBy(linkIn(await newest(w, email))))
  },
  'e-mail code': async (w, { id: userId, email }) => {
    await must(w.send('post', '/account/tokens/email', { userId: 'unique()', email }, GUEST))
    return exchange(w, { userId, secret: codeIn(await newest(w, email)) })
  },
  'phone code': async (w, { id: userId, phone }) => {
    await must(w.send('post', '/account/tokens/phone', { userId: 'unique()', phone }, GUEST))
    return exchange(w, { userId, secret: codeIn(await newest(w, phone)) })
  },
  'token of a server': async (w, { id: userId }) => {
    const { body } = await must(w.send('post', `/users/${userId}/tokens`, {}, ROOT))
    return exchange(w, { userId, secret: body.secret })
  },
  'e-mail verification link': async (w, { email, headers }) => {
    await must(w.send('post', '/account/verifications/email', redirect, headers))
    return put(w, '/account/verifications/email', redeemedBy(linkIn(await newest(w, email))))
  },
  'e-mail verification code': async (w, { id: userId, email, headers }) => {
    await must(w.send('post', '/account/verifications/email/otp', {}, headers))
    const secret = codeIn(await newest(w, email))
    return put(w, '/account/verifications/email/otp', { userId, secret })
  },
  'phone verification code': async (w, { id: userId, phone, headers }) => {
    await must(w.send('post', '/account/verifications/phone', {}, headers))
    return put(w, '/account/verifications/phone', {
      userId,
      secret: codeIn(await newest(w, phone)),
    })
  },
  'invitation link': async (w, { email }) => {
    const { at, owner } = await founded(w)
    await must(inviteTo(w, at, owner.headers, { email }))
    const link = readLink(await linkTo(w, email))
    return (by) => acceptAs(w, link, by)
  },
}

/** A challenge's codes can be asked for by whoever has proved where they go. */
export const CHALLENGES: typeof SENT = {
  'second factor by mail': async (w, { email, headers }) => {
    const challengeId = await challenge(w, headers, 'email')
    const otp = codeIn(await newest(w, email))
    return () => w.send('put', '/account/mfa/challenges', { challengeId, otp }, headers)
  },
  'second factor by text': async (w, { phone, headers }) => {
    const challengeId = await challenge(w, headers, 'phone')
    const otp = codeIn(await newest(w, phone))
    return () => w.send('put', '/account/mfa/challenges', { challengeId, otp }, headers)
  },
}

type Change = (w: World, who: Addressee, use: Use, send: () => Promise<Use>) => Promise<unknown>
const patch =
  (path: string, body: () => object): Change =>
  (w, { headers }) =>
    must(w.send('patch', `/account/${path}`, body(), headers))
const byServer =
  (method: string, path: string, body?: () => object): Change =>
  (w, { id }) =>
    must(w.send(method, `/users/${id}${path}`, body?.(), ROOT))
const password = 'a new horse battery'

/** What may come between the sending of a secret and its use. */
export const CHANGES: Record<string, Change> = {
  'its first use': (_w, _who, use) => use(),
  'its time': (w, { id }) =>
    w.db
      .update(oneTimeSecrets)
      .set({ expiresAt: after(-1) })
      .where(eq(oneTimeSecrets.userId, id)),
  'another one sent': (_w, _who, _use, send) => send(),
  'own new password': patch('password', () => ({ password, oldPassword: PASSWORD })),
  'server’s new password': byServer('patch', '/password', () => ({ password })),
  'recovered password': async (w, who) => (await SENT['recovery link']?.(w, who))?.(),
  'own new e-mail': patch('email', () => ({ email: address(), password: PASSWORD })),
  'server’s new e-mail': byServer('patch', '/email', () => ({ email: address() })),
  'own new phone': patch('phone', () => ({ phone: phoneNumber(), password: PASSWORD })),
  'server’s new phone': byServer('patch', '/phone', () => ({ number: phoneNumber() })),
  'block, lifted again': async (w, who, use, send) => {
    for (const status of [false, true])
      await byServer('patch', '/status', () => ({ status }))(w, who, use, send)
  },
  'other sessions ended': (w, { elsewhere }) =>
    must(w.send('delete', '/account/sessions/current', undefined, elsewhere)),
  'all sessions ended': byServer('delete', '/sessions'),
  'new name': patch('name', () => ({ name: 'Ada' })),
  'user deleted': byServer('delete', ''),
}
