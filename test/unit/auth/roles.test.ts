import { describe, expect, test } from 'vitest'
import { type Caller, GUEST, GUEST_SCOPES, keyCaller } from '#/auth/caller'
import { ACTIONS, type Action, allows, grantRoles, permission, permissionList } from '#/auth/roles'
import { ApiError } from '#/errors'

const USER: Caller = {
  kind: 'user',
  id: 'me',
  email: 'me@example.com',
  roles: ['any', 'users', 'user:me', 'users/verified', 'user:me/verified', 'team:red', 'label:vip'],
  scopes: GUEST_SCOPES,
}
const KEY = keyCaller('k', [])
const WRITTEN = ['create', 'update', 'delete'] as const
const FILE = ['read', 'update', 'delete'] as const

const onBuckets = permissionList(ACTIONS, WRITTEN)
const onFiles = permissionList(FILE, ['update', 'delete'])
const ID_36 = `a${'9'.repeat(35)}`

/** docs/contract/auth.md §9.3. */
const ROLES = [
  ...['any', 'guests', 'users', 'users/verified', 'users/unverified'],
  ...['user:a', `user:${ID_36}`, 'user:A.b_c-9', 'user:a/verified', 'user:a/unverified'],
  ...['team:a', `team:${ID_36}`, 'team:a/owner', `team:a/${'r'.repeat(81)}`, 'team:a/b.c_d-e'],
  ...['member:a', `member:${ID_36}`, 'label:vip', 'label:9', `label:${'x'.repeat(36)}`],
]
const NO_ROLES = [
  ...['', ' any', 'any ', 'Any', 'ANY', 'anyone', '*', 'role:all', 'role:member', 'keys'],
  ...['any:a', 'any/verified', 'guests:a', 'guests/verified', 'users:a', 'users/', 'users/owner'],
  ...['user', 'user:', 'user:_a', 'user:.a', 'user:-a', 'user:a b', 'user:ä', `user:${ID_36}9`],
  ...['user:a/', 'user:a/owner', 'user:a/verified/verified', 'user:/verified', 'user/verified'],
  ...['team', 'team:', 'team:/owner', 'team:a/', 'team:a/b/c', `team:a/${'r'.repeat(82)}`],
  ...['team:a/_b', 'team:a/b c', 'member', 'member:', 'member:a/owner', 'member:_a'],
  ...['label', 'label:', 'label:a-b', 'label:a_b', 'label:a/b', `label:${'x'.repeat(37)}`],
  ...['any","users', 'any")', 'any\n'],
]
const NO_PERMISSIONS = [
  ...['', '*', 'any', 'read', 'read()', 'read("any"', 'read("any"))', 'read "any"', '("any")'],
  ...['read(any)', "read('any')", 'read ("any")', 'read( "any")', 'read("any" )', ' read("any")'],
  ...['read("any") ', 'read("any")\n', 'Read("any")', 'READ("any")', 'list("any")'],
  ...['execute("any")', 'readwrite("any")', 'read("any")read("any")', 'read("any"),read("any")'],
]

describe('a list of permissions', () => {
  test.each(ROLES)('takes the role %j', (role) => {
    const given = [`read("${role}")`]
    expect(onBuckets.safeParse(given)).toEqual({ success: true, data: given })
  })
  test.each(NO_ROLES)('refuses the role %j', (role) => {
    expect(onBuckets.safeParse([`read("${role}")`]).success).toBe(false)
  })
  test.each(NO_PERMISSIONS)('refuses %j', (text) => {
    expect(onBuckets.safeParse([text]).success).toBe(false)
    expect(onBuckets.safeParse(['read("any")', text]).success).toBe(false)
  })
  test.each([
    ['a text', 'read("any")'],
    ['an object', { 0: 'read("any")' }],
    ['null', null],
    ['nothing', undefined],
    ['a number in it', [1]],
    ['null in it', [null]],
    ['a list in it', [['read("any")']]],
  ])('is not %s', (_, given) => {
    expect(onBuckets.safeParse(given).success).toBe(false)
  })
  test('has up to 100 entries, counted before repeats go', () => {
    const repeated = (count: number) => Array(count).fill('read("any")')
    expect(onBuckets.safeParse(repeated(100))).toEqual({ success: true, data: ['read("any")'] })
    expect(onBuckets.safeParse(repeated(101)).success).toBe(false)
    const written = Array.from({ length: 100 }, (_, at) => `write("user:${at}")`)
    expect(onBuckets.parse(written)).toHaveLength(300)
  })
  test.each(['create', 'read', 'update', 'delete', 'write'])('on a bucket takes %s', (action) => {
    expect(onBuckets.safeParse([`${action}("any")`]).success).toBe(true)
  })
  test.each([
    ['create', false],
    ['read', true],
    ['update', true],
    ['delete', true],
    ['write', true],
  ])('on a file, %s is taken: %j', (action, expected) => {
    expect(onFiles.safeParse([`${action}("any")`]).success).toBe(expected)
  })
})

describe('write', () => {
  test.each([
    [[], [], []],
    [
      ['write("any")'],
      ['create("any")', 'update("any")', 'delete("any")'],
      ['update("any")', 'delete("any")'],
    ],
    [
      ['read("any")', 'write("team:a/owner")', 'read("users")'],
      [
        ...['read("any")', 'create("team:a/owner")', 'update("team:a/owner")'],
        ...['delete("team:a/owner")', 'read("users")'],
      ],
      ['read("any")', 'update("team:a/owner")', 'delete("team:a/owner")', 'read("users")'],
    ],
    [
      ['update("any")', 'write("any")', 'delete("any")', 'update("any")'],
      ['update("any")', 'create("any")', 'delete("any")'],
      ['update("any")', 'delete("any")'],
    ],
  ])('in %j stands for all that changes, without repeats', (given, ofBucket, ofFile) => {
    expect(onBuckets.parse(given)).toEqual(ofBucket)
    expect(onFiles.parse(given)).toEqual(ofFile)
  })
})

describe('allows', () => {
  const grants: [name: string, caller: Caller, permissions: string[], actions: Action[]][] = [
    ['a guest without permissions', GUEST, [], []],
    ['a user without permissions', USER, [], []],
    ['a key without permissions', KEY, [], [...ACTIONS]],
    ['a guest by any', GUEST, ['read("any")'], ['read']],
    ['a guest by guests', GUEST, ['update("guests")'], ['update']],
    ['a guest by users', GUEST, ['read("users")'], []],
    ['a user by any', USER, ['create("any")'], ['create']],
    ['a user by guests', USER, ['read("guests")'], []],
    ['a user by ID', USER, ['delete("user:me")', 'read("user:me")'], ['read', 'delete']],
    ['a user by verified ID', USER, ['read("user:me/verified")'], ['read']],
    ['a user by unverified ID', USER, ['read("user:me/unverified")'], []],
    ['a user by the ID of another', USER, ['read("user:men")', 'read("user:m")'], []],
    ['a user by team', USER, ['read("team:red")'], ['read']],
    ['a user by a role not held in the team', USER, ['read("team:red/owner")'], []],
    ['a user by label', USER, ['read("label:vip")'], ['read']],
    ['a user by a label in other letters', USER, ['read("label:VIP")'], []],
    ['a user by an unexpanded write', USER, ['write("any")'], []],
    ['a user by one of many', USER, ['read("guests")', 'read("user:me")'], ['read']],
  ]
  test.each(grants)('%s', (_, caller, permissions, actions) => {
    expect(ACTIONS.filter((action) => allows(caller, action, permissions))).toEqual(actions)
  })
})

test.each(ACTIONS)('prints %s as it is stored', (action) => {
  expect(permission(action, 'team:a/owner')).toBe(`${action}("team:a/owner")`)
})

describe('grantRoles', () => {
  test.each<[name: string, caller: Caller, permissions: string[]]>([
    ['a guest nothing', GUEST, []],
    ['a guest any and guests', GUEST, ['read("any")', 'update("guests")']],
    ['a user own roles', USER, USER.roles.map((role) => `read("${role}")`)],
    ['a key every role', KEY, ['read("user:other")', 'read("guests")', 'update("users")']],
  ])('lets %s', (_, caller, permissions) => {
    expect(() => grantRoles(caller, permissions)).not.toThrow()
  })
  test.each<[name: string, caller: Caller, permissions: string[]]>([
    ['a guest users', GUEST, ['read("users")']],
    ['a guest a user', GUEST, ['read("user:me")']],
    ['a user guests', USER, ['read("guests")']],
    ['a user another user', USER, ['read("user:other")']],
    ['a user an unverified state', USER, ['read("users/unverified")']],
    ['a user a team role not held', USER, ['read("team:red/owner")']],
    ['a user another team', USER, ['read("team:blue")']],
    ['a user one bad among good', USER, ['read("any")', 'read("team:blue")', 'read("users")']],
  ])('does not let %s', (_, caller, permissions) => {
    const outcome = () => grantRoles(caller, permissions)
    expect(outcome).toThrow(ApiError)
    expect(outcome).toThrow(expect.objectContaining({ type: 'user_unauthorized' }))
    expect(outcome).toThrow(caller.roles.join(', '))
  })
})
