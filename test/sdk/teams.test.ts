import { Account, Client, ID, Query, Storage, Teams } from 'appwrite'
import {
  Permission,
  Role,
  Client as ServerClient,
  Storage as ServerStorage,
  Teams as ServerTeams,
  Users,
} from 'node-appwrite'
import { InputFile } from 'node-appwrite/file'
import { expect, inject, test } from 'vitest'
import {
  address,
  type Browser,
  keepCookies,
  newBrowser,
  newestLinkTo,
  refusal,
  within,
} from '#test/support/browsers'

const endpoint = inject('endpoint')
const PASSWORD = 'correct horse battery'
const JOIN = 'https://app.example.com:8443/join?from=mail#top'

keepCookies()

const client = new Client().setEndpoint(endpoint).setProject('edgewrite')
const [account, teams, storage] = [new Account(client), new Teams(client), new Storage(client)]

const server = new ServerClient()
  .setEndpoint(endpoint)
  .setProject('edgewrite')
  .setKey(inject('apiKey'))
const [serverTeams, serverStorage, users] = [
  new ServerTeams(server),
  new ServerStorage(server),
  new Users(server),
]
/** Does something on a server, which has no cookies. */
const onServer = <T>(run: () => Promise<T>) => within(newBrowser(), run)

async function signUp(name: string) {
  const [email, own] = [address(), newBrowser()]
  const { $id } = await within(own, () =>
    account.create({ userId: ID.unique(), email, password: PASSWORD, name }),
  )
  await within(own, () => account.createEmailPasswordSession({ email, password: PASSWORD }))
  return { $id, email, own }
}

/** Reads the link of the newest mail to an address, as its receiver does. */
async function invitationTo(email: string) {
  const link = await newestLinkTo(email)
  const read = (name: string) => link.searchParams.get(name) ?? ''
  return {
    link,
    teamName: read('teamName'),
    fields: {
      teamId: read('teamId'),
      membershipId: read('membershipId'),
      userId: read('userId'),
      secret: read('secret'),
    },
  }
}

test('a team comes together by mail, shares a file by role, and comes apart', async () => {
  const olga = await signUp('Olga')
  const team = await within(olga.own, () =>
    teams.create({ teamId: ID.unique(), name: 'Red & blue', roles: ['lead'] }),
  )
  const teamId = team.$id
  expect(team).toMatchObject({ name: 'Red & blue', total: 1, prefs: {} })

  const bucket = await onServer(() =>
    serverStorage.createBucket({ bucketId: ID.unique(), name: 'Shared', fileSecurity: true }),
  )
  const place = { bucketId: bucket.$id, fileId: 'plan' }
  await onServer(() =>
    serverStorage.createFile({
      ...place,
      file: InputFile.fromPlainText('the plan', 'plan.txt'),
      permissions: [Permission.read(Role.team(teamId, 'dev'))],
    }),
  )
  const read = (own: Browser) => within(own, () => storage.getFile(place))

  // A stranger joins by mail, and is signed in by it.
  const ines = { email: address(), own: newBrowser() }
  const invited = await within(olga.own, () =>
    teams.createMembership({ teamId, roles: ['dev'], email: ines.email, url: JOIN, name: 'Ines' }),
  )
  expect(invited).toMatchObject({ userName: 'Ines', userEmail: ines.email, confirm: false })
  const first = await invitationTo(ines.email)
  expect(first.link.href).toMatch(/^https:\/\/app\.example\.com:8443\/join\?from=mail&.*#top$/)
  expect([first.teamName, first.fields.membershipId]).toEqual(['Red & blue', invited.$id])
  await expect(within(ines.own, () => account.get())).rejects.toEqual(
    refusal('general_unauthorized_scope'),
  )
  const joined = await within(ines.own, () => teams.updateMembershipStatus(first.fields))
  expect(joined).toMatchObject({ $id: invited.$id, confirm: true, roles: ['dev'] })
  expect(await within(ines.own, () => account.get())).toMatchObject({
    ...{ $id: first.fields.userId, email: ines.email, name: 'Ines', emailVerification: true },
  })
  expect((await within(ines.own, () => teams.list())).teams).toMatchObject([
    { $id: teamId, total: 2 },
  ])
  expect(await read(ines.own)).toMatchObject({ name: 'plan.txt' })
  await expect(
    within(newBrowser(), () => teams.updateMembershipStatus(first.fields)),
  ).rejects.toEqual(refusal('membership_already_confirmed'))

  // Somebody who has an account joins while signed in; the session stays.
  const otto = await signUp('Otto')
  await within(olga.own, () =>
    teams.createMembership({ teamId, roles: [], email: otto.email, url: JOIN }),
  )
  const second = await invitationTo(otto.email)
  expect(second.fields.userId).toBe(otto.$id)
  await expect(within(ines.own, () => teams.updateMembershipStatus(second.fields))).rejects.toEqual(
    refusal('team_invite_mismatch'),
  )
  const sessionOf = () => within(otto.own, () => account.getSession({ sessionId: 'current' }))
  const session = await sessionOf()
  const membership = await within(otto.own, () => teams.updateMembershipStatus(second.fields))
  expect((await sessionOf()).$id).toBe(session.$id)
  expect((await within(otto.own, () => account.listSessions())).total).toBe(1)

  // What the role allows follows the role at once.
  const here = { teamId, membershipId: membership.$id }
  const setRoles = (roles: string[]) =>
    within(olga.own, () => teams.updateMembership({ ...here, roles }))
  await expect(read(otto.own)).rejects.toEqual(refusal('storage_file_not_found'))
  expect((await setRoles(['dev'])).roles).toEqual(['dev'])
  expect(await read(otto.own)).toMatchObject({ name: 'plan.txt' })
  await setRoles([])
  await expect(read(otto.own)).rejects.toEqual(refusal('storage_file_not_found'))
  await setRoles(['dev', 'owner'])
  expect(
    await within(otto.own, () => teams.updatePrefs({ teamId, prefs: { theme: 'dark' } })),
  ).toEqual({ theme: 'dark' })
  expect(await within(ines.own, () => teams.getPrefs({ teamId }))).toEqual({ theme: 'dark' })
  await expect(within(ines.own, () => teams.updateName({ teamId, name: 'Ours' }))).rejects.toEqual(
    refusal('user_unauthorized'),
  )
  const renamed = await within(otto.own, () => teams.updateName({ teamId, name: 'Purple' }))
  expect(renamed).toMatchObject({ name: 'Purple', total: 3 })

  // Members do not see who the others are; a server does.
  const seen = await within(ines.own, () => teams.listMemberships({ teamId }))
  expect(seen.memberships.map(({ userName, userEmail }) => userName + userEmail)).toEqual([
    ...['', '', ''],
  ])
  const known = await onServer(() =>
    serverTeams.listMemberships({ teamId, queries: [Query.contains('roles', ['owner'])] }),
  )
  expect(known.memberships.map(({ userName }) => userName)).toEqual(['Olga', 'Otto'])
  const one = await within(ines.own, () => teams.getMembership(here))
  expect(one).toMatchObject({ $id: membership.$id, teamName: 'Purple', userName: '' })

  // Who leaves has no more part in it.
  await within(otto.own, () => teams.deleteMembership(here))
  await expect(read(otto.own)).rejects.toEqual(refusal('storage_file_not_found'))
  await expect(within(otto.own, () => teams.get({ teamId }))).rejects.toEqual(
    refusal('team_not_found'),
  )
  expect((await within(olga.own, () => teams.get({ teamId }))).total).toBe(2)
  await within(olga.own, () => teams.delete({ teamId }))
  await expect(read(ines.own)).rejects.toEqual(refusal('storage_file_not_found'))
  expect((await within(ines.own, () => teams.list())).total).toBe(0)
})

test('a server runs teams of its own', async () => {
  const teamId = ID.unique()
  const user = await onServer(() =>
    users.create({ userId: ID.unique(), email: address(), password: PASSWORD, name: 'Ada' }),
  )
  expect(await onServer(() => serverTeams.create({ teamId, name: 'Green' }))).toMatchObject({
    $id: teamId,
    total: 0,
  })
  const added = await onServer(() =>
    serverTeams.createMembership({ teamId, roles: ['owner'], userId: user.$id }),
  )
  expect(added).toMatchObject({ userId: user.$id, userName: 'Ada', confirm: true })
  expect(await onServer(() => serverTeams.get({ teamId }))).toMatchObject({ total: 1 })
  const own = newBrowser()
  await within(own, () =>
    account.createEmailPasswordSession({ email: user.email, password: PASSWORD }),
  )
  expect(await within(own, () => teams.get({ teamId }))).toMatchObject({ name: 'Green' })
  const { memberships } = await onServer(() => users.listMemberships({ userId: user.$id }))
  expect(memberships.map(({ $id }) => $id)).toEqual([added.$id])
  const found = await onServer(() => serverTeams.list({ search: 'gre', queries: [Query.limit(1)] }))
  expect(found.teams).toHaveLength(1)
  const changed = await onServer(() =>
    serverTeams.updateMembership({ teamId, membershipId: added.$id, roles: [] }),
  )
  expect(changed.roles).toEqual([])
  await onServer(() => users.delete({ userId: user.$id }))
  expect(await onServer(() => serverTeams.get({ teamId }))).toMatchObject({ total: 0 })
  await onServer(() => serverTeams.delete({ teamId }))
  await expect(onServer(() => serverTeams.get({ teamId }))).rejects.toEqual(
    refusal('team_not_found'),
  )
})
