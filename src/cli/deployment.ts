import { createHash } from 'node:crypto'

/** Names all that one deployment has on Cloudflare; no two deployments share any of it. */
export type Deployment = {
  worker: string
  database: string
  /** Where the database is known to be there. */
  databaseId?: string
  bucket: string
  queue: string
  /** Vars beside those of `wrangler.toml`. */
  vars: Readonly<Record<string, string>>
}

const UNKNOWN_ID = '00000000-0000-0000-0000-000000000000'

/** Reads a text from a Wrangler file. */
export const varOf = (toml: string, key: string) =>
  new RegExp(`^${key} = "(.*)"$`, 'm').exec(toml)?.[1]

/**
 * Reads the deployment that a Wrangler file describes, which `npm run deploy` makes. A database whose ID stands
 * there is there already: the deploy button fills it in.
 */
export function productionOf(toml: string): Deployment {
  const read = (key: string) => varOf(toml, key)
  const name = read('name') ?? 'edgewrite'
  const databaseId = read('database_id')
  return {
    worker: name,
    database: read('database_name') ?? name,
    ...(databaseId && databaseId !== UNKNOWN_ID ? { databaseId } : {}),
    bucket: read('bucket_name') ?? name,
    queue: read('queue') ?? `${name}-events`,
    vars: {},
  }
}

/** Bucket names end at 63 characters, and so do the labels of host names. */
const LONGEST_SLUG = 40
const DIGEST_LENGTH = 6

/**
 * Names a branch as host and bucket names allow. Branches whose names do not fit keep a digest, so that no two
 * of them meet.
 */
export function slugOf(branch: string): string {
  const plain = branch
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  if (plain === branch && plain.length <= LONGEST_SLUG) return plain
  const digest = createHash('sha256').update(branch).digest('hex').slice(0, DIGEST_LENGTH)
  const kept = plain.slice(0, LONGEST_SLUG - DIGEST_LENGTH - 1).replace(/-+$/, '')
  return kept ? `${kept}-${digest}` : digest
}

/** Returns the deployment of a branch: its own Worker, database, bucket and queue, and mails kept to be read. */
export function previewOf(branch: string): Deployment {
  const name = `edgewrite-${slugOf(branch)}`
  return {
    worker: name,
    database: name,
    bucket: name,
    queue: `${name}-events`,
    // The public address is that of another deployment.
    vars: { MAIL_OUTBOX: 'on', PUBLIC_URL: '' },
  }
}

/** Settings that hold no secret: they go to Cloudflare as plain vars. */
export const VARS = [
  ...['PROJECT_ID', 'PROJECT_NAME', 'PUBLIC_URL', 'PLATFORMS', 'STORAGE_MAX_FILE_BYTES'],
  ...[
    'PREVIEW_BUDGET',
    'RATE_LIMITS',
    'D1_REPLICAS',
    'CLIENT_IP_HEADER',
    'TRUST_FORWARDED',
    'MAIL_FROM',
    'SMS_FROM',
    'LOG',
  ],
]
/** Settings that hold a password or key: they go to Cloudflare as secrets. */
export const SECRETS = ['API_KEY', 'SECRET', 'SMTP_URL', 'SMS_URL', 'SMS_HEADERS']

/** Returns a whole number that stands for a name: rate-limit namespaces are numbered. */
const numberOf = (name: string) => createHash('sha256').update(name).digest().readUInt32BE()

/**
 * Points a Wrangler file at a deployment.
 * @param toml text of `wrangler.toml`
 * @param databaseId of the deployment's database; unknown in a rehearsal
 */
export function configFor(
  toml: string,
  { worker, database, bucket, queue }: Deployment,
  databaseId = UNKNOWN_ID,
): string {
  return toml
    .replace(/^name = ".*"$/m, `name = "${worker}"`)
    .replace(/^database_name = ".*"$/m, `database_name = "${database}"`)
    .replace(/^database_id = ".*"$/m, `database_id = "${databaseId}"`)
    .replace(/^bucket_name = ".*"$/m, `bucket_name = "${bucket}"`)
    .replace(/^queue = ".*"$/gm, `queue = "${queue}"`)
    .replace(/^namespace_id = ".*"$/m, (line) =>
      worker === productionOf(toml).worker ? line : `namespace_id = "${numberOf(worker)}"`,
    )
}
