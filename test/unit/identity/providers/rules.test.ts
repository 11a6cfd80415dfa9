import { describe, expect, test } from 'vitest'
import type { User } from '#/db/schema'
import { decide, type Facts } from '#/identity/providers/rules'

const user = (id: string, fields: Partial<User> = {}) =>
  ({ id, email: `${id}@example.com`, status: true, ...fields }) as User // the rules read no more
const [ada, bob] = [user('ada'), user('bob')]
const guest = user('guest', { email: null })
const blocked = user('blocked', { status: false })

const facts = (more: Partial<Facts> = {}, isVerified = true): Facts => ({
  profile: { id: 'uid', email: 'x@example.com', isVerified, name: '' },
  email: 'x@example.com',
  self: undefined,
  byAccount: undefined,
  byEmail: undefined,
  ...more,
})

/** What comes of facts, shortly. */
function outcome(given: Facts): string {
  try {
    const { user, adopts } = decide(given)
    return `${user?.id ?? 'new'}${adopts ? ' adopts' : ''}`
  } catch (error) {
    return (error as { type: string }).type
  }
}

describe('nobody is signed in', () => {
  test.each<[string, Partial<Facts>, string, string]>([
    ['nothing is known', {}, 'new', 'new'],
    ['no address', { email: '' }, 'new', 'new'],
    ['the account is known', { byAccount: ada }, 'ada', 'ada'],
    ['the account is known, without an address', { byAccount: ada, email: '' }, 'ada', 'ada'],
    [
      'the account is known, the address is somebody else’s',
      { byAccount: ada, byEmail: bob },
      'ada',
      'ada',
    ],
    ['the account’s user has no address', { byAccount: guest }, 'guest adopts', 'guest adopts'],
    [
      'the account’s user has no address, and somebody else has it',
      { byAccount: guest, byEmail: bob },
      'guest',
      'guest',
    ],
    ['the account’s user is blocked', { byAccount: blocked }, 'user_blocked', 'user_blocked'],
    ['the address is known', { byEmail: ada }, 'ada', 'general_bad_request'],
    [
      'the address is known, its user blocked',
      { byEmail: blocked },
      'user_blocked',
      'general_bad_request',
    ],
  ])('%s', (_, more, verified, unverified) => {
    expect([outcome(facts(more)), outcome(facts(more, false))]).toEqual([verified, unverified])
  })
})

describe('somebody is signed in', () => {
  test.each<[string, Partial<Facts>, string, string?]>([
    ['nothing is known', { self: ada }, 'ada'],
    ['the account is theirs', { self: ada, byAccount: ada }, 'ada'],
    ['the address is theirs', { self: ada, byEmail: ada }, 'ada'],
    ['no address', { self: ada, email: '' }, 'ada'],
    ['the account is somebody else’s', { self: ada, byAccount: bob }, 'bob'],
    ['the address is somebody else’s', { self: ada, byEmail: bob }, 'user_already_exists', 'ada'],
    ['they have no address', { self: guest }, 'guest adopts'],
    [
      'they have no address, and the account’s is somebody else’s',
      { self: guest, byEmail: bob },
      'user_already_exists',
      'guest',
    ],
    ['neither they nor the account has one', { self: guest, email: '' }, 'guest'],
    ['they are blocked', { self: blocked }, 'user_blocked'],
  ])('%s', (_, more, verified, unverified = verified) => {
    expect([outcome(facts(more)), outcome(facts(more, false))]).toEqual([verified, unverified])
  })
})

test('nobody comes without an ID', () => {
  const { profile, ...rest } = facts({ self: ada })
  expect(outcome({ ...rest, profile: { ...profile, id: '' } })).toBe('user_missing_id')
})

test('an address that is not vouched for never leads to a user, whatever else is known', () => {
  const options = [undefined, ada, bob, guest, blocked]
  for (const byEmail of options) {
    expect(outcome(facts({ byEmail }, false))).toBe(byEmail ? 'general_bad_request' : 'new')
  }
})
