import { describe, expect, test } from 'vitest'
import { type Caller, GUEST, GUEST_SCOPES, keyCaller } from '#/auth/caller'
import type { Team, User } from '#/db/schema'
import { ApiError, type ErrorType } from '#/errors'
import { grantAcceptance } from '#/identity/teams/acceptance'
import {
  type Found,
  grantMembership,
  grantOwner,
  grantRemoval,
  grantRoleChange,
  grantTeam,
} from '#/identity/teams/access'
import type { Invitation } from '#/identity/teams/invitation-store'
import { grantInvitation } from '#/identity/teams/invitations'
import { visibleRow } from '#/identity/teams/members'
import { NOW } from '#test/support/world'

const user = (id: string, ...roles: string[]): Caller => ({
  kind: 'user',
  id,
  email: '',
  roles: ['any', 'users', `user:${id}`, ...roles],
  scopes: GUEST_SCOPES,
})

const CALLERS = {
  guest: GUEST,
  key: keyCaller('k', []),
  owner: user('olga', 'team:red', 'member:m1', 'team:red/owner'),
  member: user('mia', 'team:red', 'member:m2', 'team:red/dev'),
  invitee: user('ines'),
  outsider: user('otto', 'team:blue', 'team:blue/owner', 'team:red2', 'team:red2/owner', 'label:x'),
} as const
type Name = keyof typeof CALLERS

const times = { createdAt: NOW, updatedAt: NOW }
const RED: Team = {
  sequence: 1,
  id: 'red',
  name: 'Red',
  total: 2,
  prefs: {},
  createdBy: null,
  ...times,
}

const found = (id: string, userId: string, fields: Partial<Found> = {}): Found => ({
  ...{ sequence: 1, id, teamId: 'red', userId, roles: [], invited: NOW, joined: NOW },
  ...{ confirm: true, isFounders: false, ...times },
  member: { name: 'N', email: 'e@x.example', phone: null, mfa: false, accessedAt: null },
  ...fields,
})
const FOUNDERS = found('m1', 'olga', { isFounders: true })
const MIAS = found('m2', 'mia')
const PENDING = found('m3', 'ines', { confirm: false, joined: null })
const BLUE = found('m4', 'otto', { teamId: 'blue' })
const BLUE_FOUNDERS = found('m5', 'otto', { teamId: 'blue', isFounders: true })
const GHOST = found('m6', 'ghost', { member: null })

/** Returns the type of the error that a function throws, or 'ok'. */
function outcome(run: () => unknown): ErrorType | 'ok' {
  try {
    run()
    return 'ok'
  } catch (error) {
    if (error instanceof ApiError) return error.type
    throw error
  }
}

type Table = Record<Name, ErrorType | 'ok'>
const outcomes = (decide: (caller: Caller) => unknown) =>
  Object.fromEntries(
    Object.entries(CALLERS).map(([name, caller]) => [name, outcome(() => decide(caller))]),
  )

const all = (type: ErrorType | 'ok'): Table => ({
  ...{ guest: type, key: type, owner: type, member: type, invitee: type, outsider: type },
})

describe('who may read a team', () => {
  test.each<[string, Team | undefined, Table]>([
    ['that is there', RED, { ...all('team_not_found'), key: 'ok', owner: 'ok', member: 'ok' }],
    ['that is not', undefined, all('team_not_found')],
  ])('%s', (_, team, expected) => {
    expect(outcomes((caller) => grantTeam(caller, team))).toEqual(expected)
  })

  test('and who may change it', () => {
    const expected = { ...all('user_unauthorized'), key: 'ok', owner: 'ok' }
    expect(outcomes((caller) => grantOwner(caller, 'red'))).toEqual(expected)
  })
})

describe('who may read a membership', () => {
  const none = all('team_not_found')
  test.each<[string, Found | undefined, Table]>([
    ['confirmed', MIAS, { ...none, key: 'ok', owner: 'ok', member: 'ok' }],
    ['pending', PENDING, { ...none, key: 'ok', owner: 'ok', member: 'ok' }],
    ["the founder's", FOUNDERS, { ...none, key: 'ok', owner: 'ok', member: 'ok' }],
    ['of nobody any more', GHOST, { ...none, key: 'ok', owner: 'ok', member: 'ok' }],
    [
      'absent',
      undefined,
      {
        ...none,
        key: 'membership_not_found',
        owner: 'membership_not_found',
        member: 'membership_not_found',
      },
    ],
    [
      "another team's",
      BLUE,
      {
        ...none,
        key: 'team_membership_mismatch',
        owner: 'team_membership_mismatch',
        member: 'team_membership_mismatch',
      },
    ],
    [
      "that of another team's founder",
      BLUE_FOUNDERS,
      {
        ...none,
        key: 'team_membership_mismatch',
        owner: 'membership_not_found',
        member: 'membership_not_found',
      },
    ],
  ])('%s', (_, membership, expected) => {
    expect(outcomes((caller) => grantMembership(caller, RED, membership))).toEqual(expected)
  })
})

describe('who may change roles', () => {
  const none = all('team_not_found')
  test.each<[string, Found | undefined, Table]>([
    ['confirmed', MIAS, { ...none, key: 'ok', owner: 'ok', member: 'user_unauthorized' }],
    ['pending', PENDING, { ...none, key: 'ok', owner: 'ok', member: 'user_unauthorized' }],
    [
      'of nobody any more',
      GHOST,
      { ...none, key: 'user_not_found', owner: 'user_not_found', member: 'user_not_found' },
    ],
  ])('%s', (_, membership, expected) => {
    expect(outcomes((caller) => grantRoleChange(caller, RED, membership))).toEqual(expected)
  })
})

describe('who may end a membership', () => {
  test.each<[string, Team | undefined, Found | undefined, Table]>([
    ["a member's", RED, MIAS, { ...all('team_not_found'), key: 'ok', owner: 'ok', member: 'ok' }],
    [
      'pending',
      RED,
      PENDING,
      { ...all('team_not_found'), key: 'ok', owner: 'ok', member: 'user_unauthorized' },
    ],
    [
      "the founder's",
      RED,
      FOUNDERS,
      {
        ...all('team_invite_not_found'),
        key: 'ok',
        owner: 'ok',
        member: 'user_unauthorized',
      },
    ],
    ['absent', RED, undefined, all('team_invite_not_found')],
    ['of nobody any more', RED, GHOST, all('user_not_found')],
    ['of a team that is gone', undefined, MIAS, all('team_not_found')],
    [
      "another team's",
      RED,
      BLUE,
      {
        ...all('team_not_found'),
        key: 'team_membership_mismatch',
        owner: 'team_membership_mismatch',
        member: 'team_membership_mismatch',
      },
    ],
  ])('%s', (_, team, membership, expected) => {
    expect(outcomes((caller) => grantRemoval(caller, team, membership))).toEqual(expected)
  })
})

describe('who may accept', () => {
  type Case = { team?: undefined; membership?: Found | undefined; teamId?: string } & {
    userId?: string
    signedInId?: string | undefined
    isSecretRight?: boolean
  }
  const decide = (caller: Caller, given: Case) => {
    const { teamId = 'red', userId = 'ines', signedInId, isSecretRight = true } = given
    const membership = 'membership' in given ? given.membership : PENDING
    const team = 'team' in given ? given.team : RED
    return grantAcceptance(caller, { teamId, userId, signedInId, isSecretRight }, team, membership)
  }
  const wrong = { isSecretRight: false }
  test.each<[string, Case, ErrorType | 'ok']>([
    ['the invitee', {}, 'ok'],
    ['the invitee, signed in', { signedInId: 'ines' }, 'ok'],
    [
      'nobody: no membership',
      { ...wrong, team: undefined, membership: undefined },
      'membership_not_found',
    ],
    ["nobody: the founder's", { ...wrong, membership: FOUNDERS }, 'membership_not_found'],
    ['nobody: no team', { ...wrong, team: undefined }, 'team_not_found'],
    ['nobody: another team', { ...wrong, teamId: 'blue', userId: 'x' }, 'team_membership_mismatch'],
    ['nobody: a wrong secret', { ...wrong, userId: 'x', signedInId: 'x' }, 'team_invalid_secret'],
    ['nobody: for somebody else', { userId: 'x' }, 'team_invite_mismatch'],
    ['somebody else, signed in', { signedInId: 'x' }, 'team_invite_mismatch'],
    [
      'nobody: twice',
      { membership: { ...PENDING, confirm: true } },
      'membership_already_confirmed',
    ],
    [
      'somebody else: twice',
      { membership: { ...PENDING, confirm: true }, signedInId: 'x' },
      'team_invite_mismatch',
    ],
  ])('%s', (_, given, expected) => {
    expect(outcome(() => decide(CALLERS.guest, given))).toBe(expected)
  })

  test('the founder sees their own membership, which has no secret', () => {
    const given = { membership: FOUNDERS, userId: 'olga', ...wrong }
    expect(outcome(() => decide(CALLERS.owner, given))).toBe('team_invalid_secret')
  })
})

describe('who may invite whom', () => {
  const ADA = { id: 'ada', email: 'ada@x.example', phone: null } as User
  const BOB = { id: 'bob', email: null, phone: '+4930123456' } as User
  const given = (fields: Partial<Invitation>): Invitation => ({
    teamId: 'red',
    roles: [],
    ...fields,
  })
  const membership = { ...PENDING, confirm: true }

  test('owners and keys', () => {
    const decide = (caller: Caller) =>
      grantInvitation(caller, given({ userId: 'ada' }), {
        ...{ team: RED, invitee: ADA, membership: undefined },
      })
    expect(outcomes(decide)).toEqual({
      ...all('team_not_found'),
      ...{ key: 'ok', owner: 'ok', member: 'user_unauthorized' },
    })
  })

  test.each<[Partial<Invitation>, User | undefined, ErrorType | 'ok']>([
    [{ userId: 'nobody' }, undefined, 'user_not_found'],
    [{ userId: 'nobody', email: 'ada@x.example' }, undefined, 'user_not_found'],
    [{ email: 'new@x.example' }, undefined, 'ok'],
    [{ phone: '+4930999999' }, undefined, 'ok'],
    [{ userId: 'ada', email: 'ada@x.example' }, ADA, 'ok'],
    [{ userId: 'ada', email: 'bob@x.example' }, ADA, 'user_already_exists'],
    [{ userId: 'ada', phone: '+4930123456' }, ADA, 'user_already_exists'],
    [{ userId: 'bob', email: 'bob@x.example' }, BOB, 'user_already_exists'],
    [{ userId: 'bob', phone: '+4930123456' }, BOB, 'ok'],
    [{ email: 'ada@x.example', phone: '+4930123456' }, ADA, 'user_already_exists'],
    [{ phone: '+4930123456' }, BOB, 'ok'],
  ])('%j', (fields, invitee, expected) => {
    const decide = (held: typeof membership | undefined) =>
      outcome(() =>
        grantInvitation(CALLERS.key, given(fields), { team: RED, invitee, membership: held }),
      )
    expect(decide(undefined)).toBe(expected)
    const whenConfirmed = expected === 'ok' && invitee ? 'membership_already_confirmed' : expected
    if (invitee) expect(decide(membership)).toBe(whenConfirmed)
  })
})

test('what is hidden of a member is blank, whoever it is', () => {
  const member = { name: 'Ada', email: 'ada@x.example', phone: '+4930123456', mfa: true }
  const row = found('m2', 'mia', { member: { ...member, accessedAt: NOW.getTime() } })
  const none = {
    ...{ userId: false, userName: false, userEmail: false, userPhone: false },
    ...{ mfa: false, userAccessedAt: false },
  }
  const blank = {
    ...{ userId: '', userName: '', userEmail: '', userPhone: '', mfa: false },
    userAccessedAt: null,
  }
  const shown = {
    ...{ userId: 'mia', userName: 'Ada', userEmail: 'ada@x.example', userPhone: '+4930123456' },
    ...{ mfa: true, userAccessedAt: NOW },
  }
  expect(visibleRow(row, 'Red', none)).toMatchObject({ teamName: 'Red', roles: [], ...blank })
  for (const field of Object.keys(none) as (keyof typeof none)[]) {
    const seen = visibleRow(row, 'Red', { ...none, [field]: true })
    expect(seen).toMatchObject({ ...blank, [field]: shown[field] })
    expect(seen).not.toHaveProperty('member')
  }
  const gone = visibleRow({ ...row, member: null }, 'Red', { ...none, userName: true, mfa: true })
  expect(gone).toMatchObject(blank)
})
