import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const pagesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name))

const PAGES = ['README.md', ...pagesIn('docs'), ...pagesIn('.github'), ...pagesIn('src')]

/** Lists the files and folders of the repository that a page names. */
const pathsIn = (text: string) =>
  [...text.matchAll(/`((?:src|test|drizzle|docs)\/[\w./-]*)`/g)].map(([, path = '']) => path)

/** Lists the scripts of the package that a page runs. */
const scriptsIn = (text: string) =>
  [...text.matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)].map(([, script = '']) => script)

type Package = Record<'scripts' | 'dependencies' | 'devDependencies', Record<string, string>>
const { scripts, dependencies, devDependencies }: Package = JSON.parse(
  readFileSync('package.json', 'utf8'),
)

test.each(PAGES)('%s names files and scripts that are there', (page) => {
  const text = readFileSync(page, 'utf8')
  expect(pathsIn(text).filter((path) => !existsSync(path))).toEqual([])
  expect(scriptsIn(text).filter((script) => !Object.hasOwn(scripts, script))).toEqual([])
})

test('docs/dependencies.md gives every dependency its line, and no other', () => {
  const rows = readFileSync('docs/dependencies.md', 'utf8').match(/^\| `[^|]+/gm) ?? []
  const named = rows.flatMap((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, name]) => name))
  expect(named.sort()).toEqual(Object.keys({ ...dependencies, ...devDependencies }).sort())
})

test('finds the files and scripts that a page names', () => {
  expect(pathsIn('`src/app.ts`, `src/services/<service>/`, `test/none.ts`')).toEqual([
    'src/app.ts',
    'test/none.ts',
  ])
  expect(scriptsIn('`npm run test:clocks`, npm run -s generated')).toEqual([
    'test:clocks',
    'generated',
  ])
})
