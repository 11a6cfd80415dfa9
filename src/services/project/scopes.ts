/** Names resources that a key can be given the right to read and to write, each by itself. */
const READ_AND_WRITE = [
  'project keys platforms mocks policies project.policies project.oauth2 templates stages',
  'users sessions teams databases tables columns indexes rows collections attributes documents',
  'buckets files tokens functions executions execution sites log providers topics subscribers targets',
  'messages rules webhooks migrations schedules vcs insights reports presences',
  // Of hosted projects:
  'backups.policies archives restorations domains wafRules apps oauth2',
].flatMap((line) => line.split(' '))

const SINGLE = [
  'embeddings.write locale.read avatars.read health.read assistant.read',
  // Of hosted projects:
  'dedicatedDatabases.execute events.read oauth2.introspect usage.read',
].flatMap((line) => line.split(' '))

/**
 * Names every scope that a key can be given, also those of services that are not here: SDKs offer them, and
 * a key that holds one can do no more with it (docs/contract/project.md §4.2).
 */
export const ASSIGNABLE_SCOPES = [
  ...READ_AND_WRITE.flatMap((resource) => [`${resource}.read`, `${resource}.write`]),
  ...SINGLE,
]
