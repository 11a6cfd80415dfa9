import { z } from 'zod'
import type { Bucket, File } from '#/db/schema'
import { listModel, model, printTime, time } from '#/http/model'

export const COMPRESSIONS = ['none', 'gzip', 'zstd'] as const

/** docs/contract/storage.md §4.1. */
export const bucketModel = model(
  'bucket',
  {
    $id: z.string(),
    $createdAt: time,
    $updatedAt: time,
    $permissions: z.array(z.string()),
    fileSecurity: z.boolean(),
    name: z.string(),
    enabled: z.boolean(),
    maximumFileSize: z.int(),
    allowedFileExtensions: z.array(z.string()),
    compression: z.enum(COMPRESSIONS),
    encryption: z.boolean(),
    antivirus: z.boolean(),
    transformations: z.boolean(),
    totalSize: z.int(),
  },
  (row: Bucket) => ({
    $id: row.id,
    $createdAt: printTime(row.createdAt),
    $updatedAt: printTime(row.updatedAt),
    $permissions: row.permissions,
    fileSecurity: row.fileSecurity,
    name: row.name,
    enabled: row.enabled,
    maximumFileSize: row.maximumFileSize,
    allowedFileExtensions: row.allowedFileExtensions,
    compression: row.compression,
    encryption: row.encryption,
    antivirus: row.antivirus,
    transformations: row.transformations,
    totalSize: 0,
  }),
)

export const bucketListModel = listModel('bucketList', 'buckets', bucketModel)

/** docs/contract/storage.md §5.1. */
export const fileModel = model(
  'file',
  {
    $id: z.string(),
    bucketId: z.string(),
    $createdAt: time,
    $updatedAt: time,
    $permissions: z.array(z.string()),
    name: z.string(),
    folder: z.string(),
    key: z.string(),
    signature: z.string(),
    mimeType: z.string(),
    sizeOriginal: z.int(),
    sizeActual: z.int(),
    chunksTotal: z.int(),
    chunksUploaded: z.int(),
    encryption: z.boolean(),
    compression: z.string(),
  },
  (row: File) => ({
    $id: row.id,
    bucketId: row.bucketId,
    $createdAt: printTime(row.createdAt),
    $updatedAt: printTime(row.updatedAt),
    $permissions: row.permissions,
    name: row.name,
    folder: row.folder,
    key: row.folder + row.name,
    signature: row.signature,
    mimeType: row.mimeType,
    sizeOriginal: row.sizeOriginal,
    sizeActual: row.sizeActual,
    chunksTotal: row.chunksTotal,
    chunksUploaded: row.chunksUploaded,
    encryption: row.encryption,
    compression: row.compression,
  }),
)

export const fileListModel = listModel('fileList', 'files', fileModel)
