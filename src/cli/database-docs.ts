import { readdirSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** Where the page is. */
export const DATABASE_PAGE = 'docs/database.md'

/** What each trigger is for, and the code that relies on it. A name may end in `*`. */
const TRIGGERS: Readonly<Record<string, readonly [reason: string, code: string]>> = {
  '*_rewritten': [
    'clears a folded form that was not written with its text, as an older version of the Worker leaves it',
    'src/db/folding.ts',
  ],
  '*_renamed': ['keeps the full-text row current', 'src/http/list.ts'],
  users_described: ['keeps the full-text row current', 'src/http/list.ts'],
  buckets_inserted: ['adds the full-text row', 'src/http/list.ts'],
  buckets_deleted: ['has the bucket’s files erased by the sweeper', 'src/storage/erase.ts'],
  files_need_bucket: [
    'ignores a file whose bucket was deleted meanwhile: no row comes back',
    'src/storage/upload/store.ts',
  ],
  files_inserted: [
    'adds the full-text row, counts the file, and lists who may read it and whose grants it holds',
    'src/http/list.ts',
  ],
  files_shared: [
    'lists anew who may read the file and whose grants it holds',
    'src/storage/release.ts',
  ],
  files_deleted: [
    'takes all rows of the file along, and has its blob erased by the sweeper',
    'src/storage/erase.ts',
  ],
  memberships_need_team: [
    'ignores a membership whose team or user was deleted meanwhile: no row comes back',
    'src/identity/teams/invitations.ts',
  ],
  memberships_inserted: [
    'adds the full-text row, and counts a confirmed member of the team',
    'src/services/teams/memberships.routes.ts',
  ],
  memberships_confirmed: ['counts the member of the team', 'src/identity/teams/acceptance.ts'],
  memberships_deleted: [
    'voids the invitation, and counts the member of the team no longer',
    'src/services/teams/memberships.routes.ts',
  ],
  one_time_secrets_need_user: [
    'ignores a secret whose user was deleted meanwhile: no row comes back',
    'src/identity/secrets/one-time.ts',
  ],
  sessions_need_user: [
    'ignores a session whose user was deleted meanwhile: no row comes back',
    'src/identity/sessions/sessions.ts',
  ],
  sessions_deleted: [
    'takes the push targets of the session along',
    'src/identity/sessions/sessions.ts',
  ],
  targets_need_user: [
    'ignores a target whose user was deleted meanwhile: no row comes back',
    'src/services/users/targets.routes.ts',
  ],
  teams_inserted: ['adds the full-text row, and counts the team', 'src/identity/teams/new-team.ts'],
  teams_deleted: [
    'takes the memberships along, and has grants to the team taken back by the sweeper',
    'src/services/teams/teams.routes.ts',
  ],
  users_inserted: [
    'adds the full-text row, and counts the user: the user limit compares this count',
    'src/identity/users/new-user.ts',
  ],
  users_deleted: [
    'takes all rows of the user along, and has grants to the user taken back by the sweeper',
    'src/services/users/profile.routes.ts',
  ],
  users_deleted_teams: [
    'forgets who made the teams of a user: a later one of the same ID did not',
    'src/identity/teams/new-team.ts',
  ],
  users_proved: [
    'makes what was claimed on the account its holder’s own, once the account is proven',
    'src/identity/users/claims.ts',
  ],
  users_moved: [
    'makes everything on the account a claim to an address that a session only claims',
    'src/identity/users/claims.ts',
  ],
  users_secured: [
    'voids what was sent before a new password, a block or a change of address',
    'src/identity/secrets/one-time.ts',
  ],
}

type Entry = { type: string; name: string; tbl_name: string; sql: string | null }
type Column = { name: string; type: string; notnull: number; pk: number }

/** Applies every migration to an empty database in memory. */
function migrated(): DatabaseSync {
  const db = new DatabaseSync(':memory:')
  const names = readdirSync('drizzle').filter((name) => name.endsWith('.sql'))
  for (const name of names.sort()) {
    const statements = readFileSync(`drizzle/${name}`, 'utf8').split('--> statement-breakpoint')
    for (const statement of statements) db.exec(statement)
  }
  return db
}

/** Returns the purpose of each table, from the comment above it in the schema. */
function purposes(): Map<string, string> {
  const files = readdirSync('src/db/schema').map((name) => `src/db/schema/${name}`)
  const texts = files.map((path) => readFileSync(path, 'utf8'))
  const declared = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport const \w+ = sqliteTable\(\s*'(\w+)'/g
  const found = texts.flatMap((text) => [...text.matchAll(declared)])
  return new Map(
    found.map(([, comment = '', table = '']) => [
      table,
      comment
        .replace(/^\s*\*? ?/gm, '')
        .replace(/\s+/g, ' ')
        .trim(),
    ]),
  )
}

/** Finds what a trigger is for. @throws Error for a trigger that nobody has given a reason */
function reasonOf(name: string): readonly [reason: string, code: string] {
  const [, known] =
    Object.entries(TRIGGERS).find(([key]) =>
      key.startsWith('*') ? name.endsWith(key.slice(1)) : key === name,
    ) ?? []
  if (!known) throw new Error(`Say in src/cli/database-docs.ts what the trigger ${name} is for.`)
  return known
}

const oneLine = (sql: string) => sql.replace(/[`"]/g, '').replace(/\s+/g, ' ').trim()
const code = (text: string) => `\`${text}\``

/** Returns what an index is over, and under which condition. */
const indexed = (sql: string) => oneLine(sql).replace(/^.*? ON \w+ /i, '')

function columnLine(columns: readonly Column[]): string {
  const shown = columns.map(({ name, notnull, pk }) =>
    pk > 0 ? `**${name}**` : notnull ? name : `${name}?`,
  )
  return shown.join(', ')
}

/** Returns the page on tables, indexes and triggers, as the migrations make them. */
export function databasePage(): string {
  const db = migrated()
  const entries = db
    .prepare(
      `select type, name, tbl_name, sql from sqlite_schema
       where name not like 'sqlite\\_%' escape '\\' order by name`,
    )
    .all() as unknown as Entry[] // the columns selected
  const of = (type: string) => entries.filter((entry) => entry.type === type)
  const isSearch = ({ name }: Entry) => /_search(_(config|data|docsize|idx))?$/.test(name)
  const known = purposes()
  const tables = of('table').filter((entry) => !isSearch(entry))
  const columns = (table: string) =>
    db.prepare('select * from pragma_table_info(?)').all(table) as unknown as Column[] // what the pragma has
  const sections = tables.flatMap(({ name }) => [
    `### ${name}`,
    '',
    ...(known.has(name) ? [known.get(name) ?? '', ''] : []),
    columnLine(columns(name)),
    '',
    ...of('index')
      .filter((entry) => entry.tbl_name === name && entry.sql !== null)
      .map((entry) => `- ${code(entry.name)} ${indexed(entry.sql ?? '')}`),
    '',
  ])
  const triggers = of('trigger').map(({ name, tbl_name, sql }) => {
    const [reason, relies] = reasonOf(name)
    const [when = ''] = /(?:BEFORE|AFTER) (?:INSERT|DELETE|UPDATE)/i.exec(sql ?? '') ?? []
    return `| ${code(name)} | ${tbl_name} | ${when.toLowerCase()} | ${reason} | ${code(relies)} |`
  })
  const text = [
    '# Database',
    '',
    'Written by `npm run docs:database` from the migrations in `drizzle/`; `npm run generated` fails where it is stale.',
    'Tables and queries are written with Drizzle (`src/db/schema/`). What must hold whichever route writes, and however',
    'requests overlap, is a trigger.',
    '',
    '## Tables',
    '',
    'The **key** is bold, and `?` marks what may be null. `sequence` orders rows by creation and is never used again.',
    'Moments are milliseconds, lists and objects JSON. `x_form`, `x_words` and `x_folded` belong to a text `x`: see',
    '[search.md](search.md).',
    '',
    ...sections,
    '## Full-text tables',
    '',
    'FTS5, one for each list that is searched; `rowid` is the `sequence` of the row, `scope` what the list is below.',
    '',
    of('table')
      .filter(({ name }) => name.endsWith('_search'))
      .map(({ name }) => code(name))
      .join(', '),
    '',
    '## Triggers',
    '',
    '| Trigger | Table | When | What it does | Relied on by |',
    '|---|---|---|---|---|',
    ...triggers,
    '',
  ]
  return text.join('\n').replace(/\n{3,}/g, '\n\n')
}
