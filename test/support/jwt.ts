import { ROOT, type World } from '#test/support/world'

/** Gives the header of a JWT that the owner's server made for a user, bound to no session. */
export async function unboundJwt(w: World, userId: string) {
  const { body } = await w.send('post', `/users/${userId}/jwts`, { sessionId: 'none' }, ROOT)
  return { 'X-Appwrite-JWT': String(body.jwt) }
}
