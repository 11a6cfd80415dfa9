import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'sqlite',
  schema: ['./src/db/schema/project.ts', './src/db/schema/storage.ts'],
  out: './drizzle',
  casing: 'snake_case',
})
