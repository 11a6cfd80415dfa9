import { describe, expect, test } from 'vitest'
import { namesOf } from '#/events/names'

const IDS: Record<string, string> = {
  ...{ userId: 'U', sessionId: 'S', teamId: 'T', membershipId: 'M', bucketId: 'B', fileId: 'F' },
}
const names = (template: string) => namesOf(template, (placeholder) => IDS[placeholder] ?? '?')

describe('an occurrence is known by every name a subscriber may wait for', () => {
  test.each([
    ['users.[userId].create', ['users.U.create', 'users.*.create', 'users.U', 'users.*']],
    [
      'users.[userId].update.email',
      [
        ...['users.U.update.email', 'users.*.update.email', 'users.U.update', 'users.*.update'],
        ...['users.U', 'users.*'],
      ],
    ],
    [
      'users.[userId].sessions.[sessionId].create',
      [
        ...['users.U.sessions.S.create', 'users.U.sessions.*.create'],
        ...['users.*.sessions.S.create', 'users.*.sessions.*.create'],
        ...['users.U.sessions.S', 'users.U.sessions.*', 'users.*.sessions.S', 'users.*.sessions.*'],
        ...['users.U', 'users.*'],
      ],
    ],
    [
      'teams.[teamId].memberships.[membershipId].update.status',
      [
        ...['.update.status', '.update', ''].flatMap((end) => [
          ...[`teams.T.memberships.M${end}`, `teams.T.memberships.*${end}`],
          ...[`teams.*.memberships.M${end}`, `teams.*.memberships.*${end}`],
        ]),
        ...['teams.T', 'teams.*'],
      ],
    ],
    [
      'buckets.[bucketId].files.[fileId].delete',
      [
        ...['.delete', ''].flatMap((end) => [
          ...[`buckets.B.files.F${end}`, `buckets.B.files.*${end}`],
          ...[`buckets.*.files.F${end}`, `buckets.*.files.*${end}`],
        ]),
        ...['buckets.B', 'buckets.*'],
      ],
    ],
  ])('%s', (template, expected) => {
    expect(names(template).sort()).toEqual(expected.sort())
  })
})

test('names the occurrence itself first', () => {
  expect(names('users.[userId].update.email')[0]).toBe('users.U.update.email')
})

describe('no name says what did not happen', () => {
  test.each(['create', 'update'])('recovery codes (%s) are an update of MFA', (action) => {
    expect(names(`users.[userId].${action}.mfa.recovery-codes`)).toEqual(
      names('users.[userId].update.mfa'),
    )
  })
  test('an authenticator that is removed is no user that is deleted', () => {
    expect(names('users.[userId].delete.mfa').sort()).toEqual(
      ['users.*', 'users.*.delete.mfa', 'users.U', 'users.U.delete.mfa'].sort(),
    )
  })
  test('the deletion of all sessions reaches whoever waits for deleted sessions', () => {
    expect(names('users.[userId].sessions.delete').sort()).toEqual(
      [
        ...['users.U.sessions.delete', 'users.*.sessions.delete'],
        ...['users.U.sessions.*.delete', 'users.*.sessions.*.delete'],
        ...['users.U.sessions.*', 'users.*.sessions.*', 'users.U', 'users.*'],
      ].sort(),
    )
  })
})
