import type { Emits } from '#test/support/events/ask'
import {
  acceptAs,
  founded,
  inviteTo,
  joined,
  linkTo,
  newEmail,
  readLink,
} from '#test/support/teams'

/** What the routes of Teams tell. */
export const TEAMS: Record<string, Emits> = {
  'teams.create': async ({ ask }) => {
    const { body } = await ask('post', '/teams', { teamId: 'unique()', name: 'x' })
    return [[`teams.${body.$id}.create`, body]]
  },
  'teams.updateName': async (s) => {
    const { id } = await s.team()
    const { body } = await s.ask('put', `/teams/${id}`, { name: 'y' })
    return [[`teams.${id}.update`, body]]
  },
  'teams.updatePrefs': async (s) => {
    const { id } = await s.team()
    // No field of the preferences passes for the team's own.
    const prefs = { $id: 'another', teamId: 'another', a: 1 }
    await s.ask('put', `/teams/${id}/prefs`, { prefs })
    return [[`teams.${id}.update.prefs`, prefs]]
  },
  'teams.delete': async (s) => {
    const { team } = await founded(s)
    const { body } = await s.send('get', `/teams/${team.id}`)
    await s.ask('delete', `/teams/${team.id}`)
    return [[`teams.${team.id}.delete`, body]]
  },
  'teams.createMembership': async (s) => {
    const { team } = await founded(s)
    const email = newEmail()
    const { body } = await s.ask('post', `/teams/${team.id}/memberships`, { email, roles: [] })
    return [
      [`users.${body.userId}.create`, { $id: body.userId, email, targets: [] }],
      [`teams.${team.id}.memberships.${body.$id}.create`, body],
    ]
  },
  'teams.createMembership of a known user': async (s) => {
    const { team } = await founded(s)
    const { id: userId } = await s.user()
    const { body } = await s.ask('post', `/teams/${team.id}/memberships`, { userId, roles: [] })
    return [[`teams.${team.id}.memberships.${body.$id}.create`, body]]
  },
  'teams.updateMembership': async (s) => {
    const { team } = await founded(s)
    const { membership } = await joined(s, team.id)
    const at = `/teams/${team.id}/memberships/${membership.id}`
    const { body } = await s.ask('patch', at, { roles: ['dev'] })
    return [[`teams.${team.id}.memberships.${membership.id}.update`, body]]
  },
  'teams.updateMembershipStatus': async (s) => {
    const { owner, at, team } = await founded(s)
    const email = newEmail()
    await inviteTo(s, at, owner.headers, { email })
    s.take()
    const { body } = await acceptAs(s, readLink(await linkTo(s, email)))
    // A guest is signed in by it, which is told nobody (docs/contract/project.md §14.4).
    return [[`teams.${team.id}.memberships.${body.$id}.update.status`, body]]
  },
  'teams.deleteMembership': async (s) => {
    const { team } = await founded(s)
    const { user, membership } = await joined(s, team.id, ['dev'])
    await s.ask('delete', `/teams/${team.id}/memberships/${membership.id}`)
    return [
      [
        `teams.${team.id}.memberships.${membership.id}.delete`,
        { $id: membership.id, userId: user.id, teamName: team.name, roles: ['dev'], confirm: true },
      ],
    ]
  },
}
