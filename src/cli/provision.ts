import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectIdFault } from '../lib/project-id.ts'
import { type Remote, RemoteError } from './cloudflare.ts'
import { configFor, type Deployment, SECRETS, VARS, varOf } from './deployment.ts'
import { conceal } from './print.ts'

/** What a deployment came to: where it answers, and the secrets that were made for it. */
export type Deployed = {
  worker: string
  endpoint: string
  made: Readonly<Record<string, string>>
}

type Database = { uuid: string; name: string }

/** Finds the deployment's database, or makes it. @returns its ID; undefined in a rehearsal */
function provideDatabase(
  { ask, change }: Remote,
  { database, databaseId }: Deployment,
): string | undefined {
  if (databaseId) return databaseId
  const find = () => {
    const listed = ask(['d1', 'list', '--json'])
    const all: Database[] = listed ? JSON.parse(listed) : []
    return all.find(({ name }) => name === database)?.uuid
  }
  const known = find()
  if (known) return known
  const { DATABASE_LOCATION: location, DATABASE_JURISDICTION: jurisdiction } = process.env
  change([
    ...['d1', 'create', database],
    ...(location ? ['--location', location] : []),
    ...(jurisdiction ? ['--jurisdiction', jurisdiction] : []),
  ])
  return find()
}

/** Makes what is not there yet; one that is there is as good. */
function provide({ change }: Remote, args: readonly string[]) {
  try {
    change(args)
  } catch (error) {
    if (!(error instanceof RemoteError) || !/already (exists|taken|own)/i.test(error.message))
      throw error
  }
}

/** Lists the secrets that the Worker has; none before its first deployment. */
function knownSecrets({ ask }: Remote, { worker }: Deployment): string[] {
  try {
    const listed = ask(['secret', 'list', '--name', worker, '--format', 'json'])
    const all: { name: string }[] = listed ? JSON.parse(listed) : []
    return all.map(({ name }) => name)
  } catch (error) {
    if (error instanceof RemoteError && /not found|does not exist|10007/i.test(error.message))
      return []
    throw error
  }
}

/** Collects the secrets that the environment gives, and makes the two that a server cannot be without. */
function chooseSecrets(known: readonly string[]) {
  const given = Object.fromEntries(
    SECRETS.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  )
  const make = (name: string, value: () => string) =>
    known.includes(name) || given[name] ? {} : { [name]: value() }
  const made: Record<string, string> = {
    ...make('API_KEY', () => `standard_${randomBytes(128).toString('hex')}`),
    ...make('SECRET', () => randomBytes(32).toString('hex')),
  }
  conceal(...Object.values(given), ...Object.values(made))
  return { secrets: { ...given, ...made }, made }
}

/**
 * Refuses a project ID with which a new deployment would be no use to some of its clients; one that serves already
 * cannot change it, and is told.
 */
function checkProjectId(remote: Remote, deployment: Deployment) {
  const id = process.env.PROJECT_ID || varOf(readFileSync('wrangler.toml', 'utf8'), 'PROJECT_ID')
  const fault = id && projectIdFault(id)
  if (!fault) return
  if (knownSecrets(remote, deployment).length === 0) throw new Error(`${fault}.`)
  remote.say(`Warning: ${fault}. It stays, since this deployment serves with it.`)
}

/**
 * Brings a deployment into being, or up to date: database, bucket, queue, migrations, secrets, Worker. Every
 * step is safe to repeat, and migrations suit the version that still serves while they run.
 * @throws {RemoteError} when a step fails; what was done before it stays and is found by the next run
 */
export function deploy(remote: Remote, deployment: Deployment): Deployed {
  const { say, change } = remote
  checkProjectId(remote, deployment)
  const folder = mkdtempSync(join(tmpdir(), 'edgewrite-deploy-'))
  const config = `wrangler.${deployment.worker}.toml`
  try {
    say('\n1. The database')
    const databaseId = provideDatabase(remote, deployment)
    writeFileSync(config, configFor(readFileSync('wrangler.toml', 'utf8'), deployment, databaseId))
    say('\n2. The bucket and the queue')
    provide(remote, ['r2', 'bucket', 'create', deployment.bucket])
    provide(remote, ['queues', 'create', deployment.queue])
    say('\n3. The tables')
    change(['d1', 'migrations', 'apply', 'DB', '--remote', '--config', config])
    say('\n4. The secrets and the Worker')
    const { secrets, made } = chooseSecrets(knownSecrets(remote, deployment))
    const secretsFile = join(folder, 'secrets.json')
    writeFileSync(secretsFile, JSON.stringify(secrets), { mode: 0o600 })
    const report = join(folder, 'report.ndjson')
    change(
      [
        ...['deploy', '--config', config, '--keep-vars'],
        ...varsOf(deployment).flatMap((pair) => ['--var', pair]),
        ...(Object.keys(secrets).length > 0 ? ['--secrets-file', secretsFile] : []),
      ],
      { WRANGLER_OUTPUT_FILE_PATH: report },
    )
    return { worker: deployment.worker, endpoint: remote.rehearsal ? '' : endpointIn(report), made }
  } finally {
    rmSync(folder, { recursive: true })
    rmSync(config, { force: true })
  }
}

const varsOf = ({ vars }: Deployment) => [
  ...VARS.flatMap((name) =>
    process.env[name] && !(name in vars) ? [`${name}:${process.env[name]}`] : [],
  ),
  ...Object.entries(vars).map(([name, value]) => `${name}:${value}`),
]

/** Reads where the Worker answers out of Wrangler's report: one JSON object a line. */
function endpointIn(report: string): string {
  const targets = readFileSync(report, 'utf8')
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      const { type, targets = [] }: { type: string; targets?: string[] } = JSON.parse(line)
      return type === 'deploy' ? targets : []
    })
  const [first] = targets.filter((target) => target.startsWith('http'))
  return first ? `${first.replace(/\/$/, '')}/v1` : ''
}

type Page = { result: { key: string }[]; result_info?: { cursor?: string; is_truncated?: boolean } }

/** Writes a key as the end of a path: its slashes stay. */
const pathOf = (key: string) => key.split('/').map(encodeURIComponent).join('/')

/** Deletes every object of the deployment's bucket: Cloudflare deletes empty ones only. */
async function emptyBucket({ api, rehearsal }: Remote, { bucket }: Deployment) {
  const objects = `/r2/buckets/${bucket}/objects`
  for (;;) {
    const page = await api<Page>('GET', `${objects}?per_page=1000`)
    const keys = page?.result.map(({ key }) => key) ?? []
    if (rehearsal) await api('DELETE', `${objects}/{key}`)
    for (const key of keys) await api('DELETE', `${objects}/${pathOf(key)}`)
    if (keys.length === 0) return
  }
}

/**
 * Takes a deployment down with all its data. Steps that find nothing to delete are passed over, so that a
 * second run finishes what the first one left.
 * @throws {RemoteError} when Cloudflare refuses a step
 */
export async function teardown(remote: Remote, deployment: Deployment) {
  const { say, change } = remote
  const { worker, database, bucket, queue } = deployment
  const remove = (args: readonly string[]) => {
    try {
      change(args)
    } catch (error) {
      if (!(error instanceof RemoteError) || !ABSENT.test(error.message)) throw error
    }
  }
  say('\n1. The Worker and its queue')
  remove(['queues', 'consumer', 'remove', queue, worker])
  remove(['delete', worker, '--force'])
  remove(['queues', 'delete', queue])
  say('\n2. The database')
  remove(['d1', 'delete', database, '--skip-confirmation'])
  say('\n3. The bucket')
  await emptyBucket(remote, deployment).catch((error) => {
    if (!(error instanceof RemoteError) || !ABSENT.test(error.message)) throw error
  })
  remove(['r2', 'bucket', 'delete', bucket])
}

const ABSENT =
  /not found|does not exist|couldn't find|no .* exists|no consumer|\b404\b|10007|10006/i
