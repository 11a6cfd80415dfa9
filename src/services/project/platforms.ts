import { z } from 'zod'
import type { Platform } from '#/db/schema'
import { choiceModel, listModel, type Model, model, printTime, time } from '#/http/model'
import { originHost, visibleText } from '#/pipeline/fields'

/** Longest ID of an app; the contract names 256, but what has 256 is refused (docs/contract/project.md §5.1). */
const LONGEST_IDENTIFIER = 255

const identifier = visibleText(LONGEST_IDENTIFIER)

/** What identifies a client of a type: the field on the wire, and what it may hold. */
export const PLATFORMS = {
  web: {
    title: 'Web',
    noun: 'web app',
    field: 'hostname',
    accepts: originHost.describe(
      'Host name without scheme and port; `*.example.com` is all below it.',
    ),
  },
  apple: {
    title: 'Apple',
    noun: 'Apple app',
    field: 'bundleIdentifier',
    accepts: identifier.describe('Bundle identifier of the app.'),
  },
  android: {
    title: 'Android',
    noun: 'Android app',
    field: 'applicationId',
    accepts: identifier.describe('Application ID of the app.'),
  },
  windows: {
    title: 'Windows',
    noun: 'Windows app',
    field: 'packageIdentifierName',
    accepts: identifier.describe('Package identity name of the app.'),
  },
  linux: {
    title: 'Linux',
    noun: 'Linux app',
    field: 'packageName',
    accepts: identifier.describe('Package name of the app.'),
  },
} as const satisfies Record<
  Platform['type'],
  { title: string; noun: string; field: string; accepts: z.ZodType<string, string> }
>

/** Names every type of client. */
export const PLATFORM_TYPES = Object.keys(PLATFORMS) as Platform['type'][] // the keys above

function platformModelOf(type: Platform['type']): Model<Platform, z.ZodObject> {
  const { title, field } = PLATFORMS[type]
  const shape: z.ZodRawShape = {
    $id: z.string(),
    $createdAt: time,
    $updatedAt: time,
    name: z.string(),
    type: z.literal(type),
    [field]: z.string(),
    ...(type === 'web' ? { key: z.string() } : {}),
  }
  return model(`platform${title}`, shape, (row: Platform) => ({
    $id: row.id,
    $createdAt: printTime(row.createdAt),
    $updatedAt: printTime(row.updatedAt),
    name: row.name,
    type,
    [field]: row.identifier,
    ...(type === 'web' ? { key: '' } : {}),
  }))
}

const models = Object.fromEntries(
  PLATFORM_TYPES.map((type) => [type, platformModelOf(type)]),
) as Record<Platform['type'], Model<Platform, z.ZodObject>> // one for each type

/** Returns the model of the clients of a type. */
export const platformModelFor = (type: Platform['type']) => models[type]

/** docs/contract/project.md §5.1. */
export const platformModel = choiceModel('type', Object.values(models), ({ type }) => models[type])
export const platformListModel = listModel('platformList', 'platforms', platformModel)
