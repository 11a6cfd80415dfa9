import { z } from 'zod'
import type { Key, MockNumber, Variable } from '#/db/schema'
import { listModel, model, optionalTime, printOptionalTime, printTime, time } from '#/http/model'
import { AUTH_METHODS, PROTOCOLS, SERVICES } from '#/project/settings'
import type { ProjectRow } from '#/services/project/store'

/** Returns a list of things that can be switched off. */
const switches = <Id extends string>(name: string, ids: readonly [Id, ...Id[]]) =>
  z.array(z.strictObject({ $id: z.enum(ids), enabled: z.boolean() }).meta({ id: name }))

const devKey = z
  .strictObject({
    $id: z.string(),
    $createdAt: time,
    $updatedAt: time,
    name: z.string(),
    expire: optionalTime,
    secret: z.string(),
    accessedAt: optionalTime,
    sdks: z.array(z.string()),
  })
  .meta({ id: 'devKey' })

/** docs/contract/project.md §3.1. */
export const projectModel = model(
  'project',
  {
    $id: z.string(),
    $createdAt: time,
    $updatedAt: time,
    name: z.string(),
    teamId: z.string(),
    region: z.string(),
    devKeys: z.array(devKey),
    smtpEnabled: z.boolean(),
    smtpSenderName: z.string(),
    smtpSenderEmail: z.string(),
    smtpReplyToName: z.string(),
    smtpReplyToEmail: z.string(),
    smtpHost: z.string(),
    smtpPort: z.int(),
    smtpUsername: z.string(),
    smtpPassword: z.literal(''),
    smtpSecure: z.enum(['', 'tls', 'ssl']),
    pingCount: z.int(),
    pingedAt: optionalTime,
    labels: z.array(z.string()),
    status: z.string(),
    onboarding: z.record(z.string(), z.unknown()),
    authMethods: switches('projectAuthMethod', AUTH_METHODS),
    services: switches('projectService', SERVICES),
    protocols: switches('projectProtocol', PROTOCOLS),
    blocks: z.array(z.looseObject({})).max(0),
    consoleAccessedAt: optionalTime,
    wafEnabled: z.boolean(),
  },
  ({ smtp, isOn, ...row }: ProjectRow) => ({
    $id: row.id,
    $createdAt: printTime(row.createdAt),
    $updatedAt: printTime(row.updatedAt),
    name: row.name,
    teamId: '', // whoever holds the deployment's key owns the project
    region: 'default',
    devKeys: [],
    smtpEnabled: smtp.enabled,
    smtpSenderName: smtp.senderName,
    smtpSenderEmail: smtp.senderEmail,
    smtpReplyToName: smtp.replyToName,
    smtpReplyToEmail: smtp.replyToEmail,
    smtpHost: smtp.host,
    smtpPort: smtp.port,
    smtpUsername: smtp.username,
    smtpPassword: '' as const,
    smtpSecure: smtp.secure,
    pingCount: row.pingedAt ? 1 : 0,
    pingedAt: printOptionalTime(row.pingedAt),
    labels: [...row.labels],
    status: 'active',
    onboarding: {},
    authMethods: AUTH_METHODS.map(($id) => ({ $id, enabled: isOn('method', $id) })),
    services: SERVICES.map(($id) => ({ $id, enabled: isOn('service', $id) })),
    protocols: PROTOCOLS.map(($id) => ({ $id, enabled: isOn('protocol', $id) })),
    blocks: [],
    consoleAccessedAt: printTime(row.seenAt),
    wafEnabled: false,
  }),
)

const keyFields = {
  $id: z.string(),
  $createdAt: time,
  $updatedAt: time,
  name: z.string(),
  expire: optionalTime,
  scopes: z.array(z.string()),
  secret: z.string(),
  accessedAt: optionalTime,
  sdks: z.array(z.string()),
}

/** A key; its secret is there only while it is new. */
export type KeyRow = Pick<
  Key,
  'id' | 'name' | 'scopes' | 'sdks' | 'expiresAt' | 'accessedAt' | 'createdAt' | 'updatedAt'
> & { secret?: string }

const wireKey = (row: KeyRow) => ({
  $id: row.id,
  $createdAt: printTime(row.createdAt),
  $updatedAt: printTime(row.updatedAt),
  name: row.name,
  expire: printOptionalTime(row.expiresAt),
  scopes: row.scopes,
  // Differs: upstream keeps secrets readable and shows them in every answer.
  secret: row.secret ?? '',
  accessedAt: printOptionalTime(row.accessedAt),
  sdks: row.sdks,
})

/** docs/contract/project.md §4.1. */
export const keyModel = model('key', keyFields, wireKey)
export const keyListModel = listModel('keyList', 'keys', keyModel)
export const ephemeralKeyModel = model('ephemeralKey', keyFields, wireKey)

/** docs/contract/project.md §11. */
export const mockNumberModel = model(
  'mockNumber',
  { number: z.string(), otp: z.string(), $createdAt: time, $updatedAt: time },
  (row: MockNumber) => ({
    number: row.number,
    otp: row.otp,
    $createdAt: printTime(row.createdAt),
    $updatedAt: printTime(row.updatedAt),
  }),
)
export const mockNumberListModel = listModel('mockNumberList', 'mockNumbers', mockNumberModel)

/** docs/contract/project.md §12. The value of a secret variable is never shown. */
export const variableModel = model(
  'variable',
  {
    $id: z.string(),
    $createdAt: time,
    $updatedAt: time,
    key: z.string(),
    value: z.string(),
    secret: z.boolean(),
    resourceType: z.literal('project'),
    resourceId: z.literal(''),
  },
  (row: Omit<Variable, 'value'> & { value: string }) => ({
    $id: row.id,
    $createdAt: printTime(row.createdAt),
    $updatedAt: printTime(row.updatedAt),
    key: row.key,
    value: row.secret ? '' : row.value,
    secret: row.secret,
    resourceType: 'project' as const,
    resourceId: '' as const,
  }),
)
export const variableListModel = listModel('variableList', 'variables', variableModel)
