import { expect, test } from 'vitest'
import { hashPassword, unknownPassword, verifyPassword } from '#/identity/passwords'

test('a password that nobody has looks like the hash of one, each time another, and can be checked', async () => {
  const [one, other] = [unknownPassword(), unknownPassword()]
  const shape = ({ password, ...rest }: typeof one) => ({
    ...rest,
    form: password.replace(/[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/, 'salt$tag'),
  })
  expect(shape(one)).toEqual(shape(await hashPassword('a password of somebody')))
  expect(shape(one).form).toBe('$argon2id$v=19$m=7168,t=5,p=1$salt$tag')
  expect(one.password).not.toBe(other.password)
  expect(await verifyPassword('', one)).toBe(false)
  expect(await verifyPassword(one.password, one)).toBe(false)
})
