import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DATABASE_PAGE, databasePage } from './database-docs.ts'
import { print, printError } from './print.ts'
import { run } from './quiet.ts'

/**
 * Checks that the migrations on record make the tables in `src/db/schema`, and that the page on the database is current;
 * tests check the OpenAPI document.
 */
const out = mkdtempSync(join(tmpdir(), 'edgewrite-migrations-'))
cpSync('drizzle', out, { recursive: true })
run(
  'drizzle-kit',
  [
    'generate',
    '--dialect=sqlite',
    '--casing=snake_case',
    '--schema=./src/db/schema/index.ts',
    `--out=${out}`,
  ],
  '.wrangler',
)
const before = readdirSync('drizzle').sort()
const after = readdirSync(out).sort()
const added = after.filter((name) => !before.includes(name))
const text = added.map((name) => readFileSync(join(out, name), 'utf8')).join('\n')
rmSync(out, { recursive: true })
if (added.length > 0) {
  printError(`The migrations are behind the schema: run npm run generate.\n${text}`)
  process.exit(1)
}
if (readFileSync(DATABASE_PAGE, 'utf8') !== databasePage()) {
  printError(`${DATABASE_PAGE} is behind the migrations: run npm run docs:database.`)
  process.exit(1)
}
print('The migrations and the page on the database are current.')
