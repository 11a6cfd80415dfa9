import { writeFileSync } from 'node:fs'
import { DATABASE_PAGE, databasePage } from './database-docs.ts'

/** Writes the page on the database anew. */
writeFileSync(DATABASE_PAGE, databasePage())
