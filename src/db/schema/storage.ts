import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import {
  flag,
  folded,
  form,
  instant,
  type Plain,
  sequence,
  strings,
  timestamps,
  unfolded,
  words,
} from './columns.ts'

export const buckets = sqliteTable('buckets', {
  sequence: sequence(),
  id: text().notNull().unique(),
  permissions: strings().notNull(),
  fileSecurity: flag().notNull(),
  name: text().notNull(),
  nameForm: form(),
  nameWords: words(),
  nameFolded: folded('name').notNull(),
  enabled: flag().notNull(),
  maximumFileSize: integer().notNull(), // bytes
  allowedFileExtensions: strings().notNull(),
  compression: text({ enum: ['none', 'gzip', 'zstd'] }).notNull(),
  encryption: flag().notNull(),
  antivirus: flag().notNull(),
  transformations: flag().notNull(),
  ...timestamps,
})
export type Bucket = Plain<typeof buckets.$inferSelect>

/** Files; a row belongs to a bucket by sequence, so that a new bucket of the same ID starts empty. */
export const files = sqliteTable(
  'files',
  {
    sequence: sequence(),
    bucketSequence: integer().notNull(),
    bucketId: text().notNull(),
    id: text().notNull(),
    permissions: strings().notNull(),
    name: text().notNull(),
    nameForm: form(),
    nameWords: words(),
    nameFolded: folded('name').notNull(),
    uploadName: text().notNull(), // the name at upload: it decides a preview's default format
    folder: text().notNull(),
    folderForm: form(),
    folderWords: words(),
    folderFolded: folded('folder').notNull(),
    signature: text().notNull(), // MD5, hex; '' while incomplete
    mimeType: text().notNull(),
    sizeOriginal: integer().notNull(),
    sizeActual: integer().notNull(),
    chunksTotal: integer().notNull(),
    chunksUploaded: integer().notNull(), // leading chunks without a gap: where a client may resume
    encryption: flag().notNull(),
    charset: text(), // of text whose every byte was read: UTF-8 or UTF-16; null where none is sure
    compression: text().notNull(),
    blobId: text().notNull(), // names the bytes in R2; a new one for every upload
    uploadId: text(), // R2 multipart upload in progress
    /** Who may go on with an unfinished upload: `user:SEQUENCE`, `key` or `guest`; null: from before this was kept. */
    starter: text(),
    /** Chunks that came in this attempt, repeats included. */
    received: integer().notNull().default(0),
    /** The value of `received` when the first chunk last came; 0: not yet. */
    firstReceived: integer().notNull().default(0),
    ...timestamps,
  },
  (t) => [
    uniqueIndex('files_by_id').on(t.bucketSequence, t.id),
    uniqueIndex('files_by_blob').on(t.blobId),
    index('files_by_bucket').on(t.bucketSequence, t.sequence),
    index('files_by_created').on(t.bucketSequence, t.createdAt, t.sequence),
    index('files_by_name').on(t.bucketSequence, t.name, t.sequence),
    index('files_by_folder').on(t.bucketSequence, t.folder, t.sequence),
    index('files_by_folded_name').on(t.bucketSequence, t.nameFolded, t.name, t.sequence),
    index('files_by_folded_folder').on(t.bucketSequence, t.folderFolded, t.folder, t.sequence),
    index('files_unfolded').on(t.sequence).where(unfolded('name', 'folder')),
    index('files_incomplete').on(t.uploadId, t.createdAt),
  ],
)
export type File = Plain<typeof files.$inferSelect>

/** Who may read which file: `files.permissions`, kept by triggers in a form that lists can join. */
export const fileReaders = sqliteTable(
  'file_readers',
  {
    bucketSequence: integer().notNull(),
    role: text().notNull(),
    fileSequence: integer().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.bucketSequence, t.role, t.fileSequence] }),
    index('file_readers_by_file').on(t.fileSequence),
  ],
)

/**
 * Which files grant anything to a user or a team, kept by triggers, so that such grants can be taken back
 * when the user or team is gone.
 */
export const fileOwners = sqliteTable(
  'file_owners',
  {
    role: text().notNull(), // user:ID or team:ID
    fileSequence: integer().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.role, t.fileSequence] }),
    index('file_owners_by_file').on(t.fileSequence),
  ],
)

/**
 * Stored ranges of unfinished uploads, `start` inclusive and `end` exclusive in bytes. One that fills
 * its 5 MiB cell is an R2 part and has its ETag; a smaller one waits as an object of its own.
 */
export const fileParts = sqliteTable(
  'file_parts',
  {
    fileSequence: integer().notNull(),
    start: integer().notNull(),
    end: integer().notNull(),
    cell: integer().notNull(),
    etag: text(),
    version: integer().notNull(),
    digest: text(), // SHA-256, hex; null: from before this was kept
    /** The value of the file's `received` when these bytes last came. */
    received: integer().notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.fileSequence, t.start, t.end] })],
)
export type FilePart = typeof fileParts.$inferSelect

export const fileTokens = sqliteTable(
  'file_tokens',
  {
    sequence: sequence(),
    id: text().notNull().unique(),
    bucketId: text().notNull(),
    fileId: text().notNull(),
    bucketSequence: integer().notNull(),
    fileSequence: integer().notNull(),
    expiresAt: instant(),
    accessedAt: instant(),
    ...timestamps,
  },
  (t) => [index('file_tokens_by_file').on(t.fileSequence, t.sequence)],
)
export type FileToken = typeof fileTokens.$inferSelect

/**
 * Things that nothing owns, or nothing owns yet: blobs in R2 (written before their row, deleted after
 * it) and buckets whose files are still there. Whatever is due is swept.
 */
export const garbage = sqliteTable(
  'garbage',
  {
    kind: text({ enum: ['blob', 'pieces', 'bucket', 'role'] }).notNull(),
    ref: text().notNull(), // a blob ID, a bucket's sequence, or the role of a user or team that is gone
    uploadId: text(),
    dueAt: instant().notNull(),
  },
  (t) => [primaryKey({ columns: [t.kind, t.ref] }), index('garbage_by_due').on(t.dueAt)],
)
export type Garbage = typeof garbage.$inferSelect

/** Rendered previews; the bytes lie in R2 under the blob and the hash of the parameters. */
export const variants = sqliteTable(
  'variants',
  {
    key: text().primaryKey(),
    bucketSequence: integer().notNull(),
    /** Until when one request has the sole right to render; 0 once done. */
    leaseUntil: instant().notNull(),
    createdAt: instant().notNull(),
  },
  (t) => [index('variants_by_age').on(t.createdAt)],
)

/** Distinct previews rendered per bucket and month. */
export const previewBudgets = sqliteTable(
  'preview_budgets',
  {
    bucketSequence: integer().notNull(),
    month: text().notNull(), // 2026-11
    used: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.bucketSequence, t.month] })],
)
