import { describe, expect, test } from 'vitest'
import type { User } from '#/db/schema'
import { decide, type Facts } from '#/services/account/oauth2/rules'

const user = (id: string, fields: Partial<User> = {}) =>
  ({ id, email: `${id}@example.com`, status: true, ...fields }) as User // the rules read no more
const [ada, bob] = [user('ada'), user('bob')]
const guest = user('guest', { email: null })
const blocked = user('blocked', { status: false })

const facts = (more: Partial<Facts> = {}, isVerified = true): Facts => ({
  profile: { id: 'uid', email: 'x@example.com', isVerified, name: '' },
  email: 'x@example.com',
  isEmailless: false,
  self: undefined,
  byAccount: undefined,
  byEmail: undefined,
  emailOwners: [],
  byIdentityEmail: undefined,
  ...more,
})

/** Says what comes of facts, shortly. */
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
    ['no address', { email: '' }, 'user_unauthorized', 'user_unauthorized'],
    ['no address ever', { email: '', isEmailless: true }, 'new', 'new'],
    ['the account is known', { byAccount: ada }, 'ada', 'ada'],
    ['the account is known, without an address', { byAccount: ada, email: '' }, 'ada', 'ada'],
    [
      'the account is known, the address is somebody else’s',
      { byAccount: ada, byEmail: bob, emailOwners: ['bob'] },
      'ada',
      'ada',
    ],
    ['the account’s user has no address', { byAccount: guest }, 'guest adopts', 'guest adopts'],
    [
      'the account’s user has no address, and somebody else has it',
      { byAccount: guest, byEmail: bob },
      'user_already_exists',
      'user_already_exists',
    ],
    ['the account’s user is blocked', { byAccount: blocked }, 'user_blocked', 'user_blocked'],
    ['the address is known', { byEmail: ada }, 'ada', 'general_bad_request'],
    [
      'the address is known, its user blocked',
      { byEmail: blocked },
      'user_blocked',
      'general_bad_request',
    ],
    [
      'the address is known elsewhere',
      { byIdentityEmail: ada, emailOwners: ['ada'] },
      'ada',
      'general_bad_request',
    ],
    [
      'the address is known here and elsewhere',
      { byEmail: ada, byIdentityEmail: ada, emailOwners: ['ada'] },
      'ada',
      'general_bad_request',
    ],
    [
      'the address is somebody else’s elsewhere',
      { byEmail: ada, byIdentityEmail: bob, emailOwners: ['bob'] },
      'general_bad_request',
      'general_bad_request',
    ],
    [
      'the address is of two elsewhere',
      { byIdentityEmail: ada, emailOwners: ['ada', 'bob'] },
      'general_bad_request',
      'general_bad_request',
    ],
    [
      'the address is known elsewhere, of a guest',
      { byIdentityEmail: guest, emailOwners: ['guest'] },
      'guest adopts',
      'general_bad_request',
    ],
  ])('%s', (_, more, verified, unverified) => {
    expect([outcome(facts(more)), outcome(facts(more, false))]).toEqual([verified, unverified])
  })
})

describe('somebody is signed in', () => {
  // Whether the provider vouches for the address makes no difference: it leads to nobody.
  test.each<[string, Partial<Facts>, string]>([
    ['nothing is known', { self: ada }, 'ada'],
    ['the account is theirs', { self: ada, byAccount: ada }, 'ada'],
    ['the address is theirs', { self: ada, byEmail: ada, emailOwners: ['ada'] }, 'ada'],
    ['no address', { self: ada, email: '' }, 'ada'],
    ['the account is somebody else’s', { self: ada, byAccount: bob }, 'user_already_exists'],
    ['the address is somebody else’s', { self: ada, byEmail: bob }, 'user_already_exists'],
    [
      'the address is somebody else’s elsewhere',
      { self: ada, emailOwners: ['ada', 'bob'] },
      'user_already_exists',
    ],
    ['they have no address', { self: guest }, 'guest adopts'],
    ['neither they nor the account has one', { self: guest, email: '' }, 'guest'],
    ['they are blocked', { self: blocked }, 'user_blocked'],
  ])('%s', (_, more, expected) => {
    expect([outcome(facts(more)), outcome(facts(more, false))]).toEqual([expected, expected])
  })
})

test('nobody comes without an ID', () => {
  const { profile, ...rest } = facts({ self: ada })
  expect(outcome({ ...rest, profile: { ...profile, id: '' } })).toBe('user_missing_id')
})

test('an address that is not vouched for never leads to a user, whatever else is known', () => {
  const options = [undefined, ada, bob, guest, blocked]
  const lists = [[], ['ada'], ['bob'], ['ada', 'bob']]
  for (const byEmail of options) {
    for (const byIdentityEmail of options) {
      for (const emailOwners of lists) {
        const given = facts({ byEmail, byIdentityEmail, emailOwners }, false)
        const expected = byEmail || byIdentityEmail ? 'general_bad_request' : 'new'
        expect(outcome(given)).toBe(expected)
      }
    }
  }
})
