import { eq } from 'drizzle-orm'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { database } from '#/db'
import { files, users } from '#/db/schema'
import { foldTexts } from '#/jobs/fold-texts'
import { q, sendList, storeFiles } from '#test/support/lists'
import { NOW, type World, world } from '#test/support/world'

let w: World
const ROWS: Record<string, string> = { a: 'Пушкин', b: '東京都', c: 'Éclair', d: 'plain' }

beforeAll(async () => {
  w = await world()
  const bucket = await w.bucket({ id: 'shelf' })
  for (const id of Object.keys(ROWS)) {
    await w.user({ id })
    await w.team({ id })
  }
  await storeFiles(
    w,
    bucket,
    Object.keys(ROWS).map((id) => ({ id })),
  )
})

/** Names are as a version without folded forms stores them. */
beforeEach(async () => {
  const statements = ['users', 'teams', 'files'].flatMap((table) =>
    Object.entries(ROWS).map(([id, name]) =>
      w.env.DB.prepare(
        `update ${table} set name = ?1, name_form = null, name_words = null where id = ?2`,
      ).bind(name, id),
    ),
  )
  await w.env.DB.batch(statements)
})

const LISTS = [
  ['/users', 'users'],
  ['/teams', 'teams'],
  ['/storage/buckets/shelf/files', 'files'],
] as const

describe.each(LISTS)('%s', (path, list) => {
  const found = async (queries: readonly string[], more = ''): Promise<string> => {
    const { status, body } = await sendList(w, path, queries, { more })
    expect(status).toBe(200)
    return body[list].map(({ $id }: { $id: string }) => $id).join('')
  }
  const search = (term: string) => found([], `search=${encodeURIComponent(term)}`)

  test('goes on finding rows from before as they are spelled', async () => {
    for (const [id, name] of Object.entries(ROWS)) {
      expect([name, await found([q('contains', 'name', name)])]).toEqual([name, id])
      expect([name, await found([q('startsWith', 'name', name.slice(0, 2))])]).toEqual([name, id])
      expect([name, await found([q('endsWith', 'name', name.slice(1))])]).toEqual([name, id])
      expect([name, await found([q('containsAll', 'name', name)])]).toEqual([name, id])
      expect(await found([q('notContains', 'name', name)])).toBe('abcd'.replace(id, ''))
      expect([name, await search(name)]).toEqual([name, id])
    }
    expect(await found([q('contains', 'name', 'PLA')])).toBe('d')
  })
  test('finds them in every spelling once the job has run', async () => {
    expect([await found([q('contains', 'name', 'пушкин')]), await search('京')]).toEqual(['', ''])
    await foldTexts(w.db)
    expect(await found([q('contains', 'name', 'ПУШ')])).toBe('a')
    expect(await found([q('notContains', 'name', 'пуш')])).toBe('bcd')
    expect([await search('京'), await search('eclair'), await search('ПУШ')]).toEqual([
      'b',
      'c',
      'a',
    ])
    expect(await found([q('orderAsc', 'name')])).toBe('cdab')
  })
  test('never finds a row by a name that it had', async () => {
    await foldTexts(w.db)
    await w.env.DB.prepare(`update ${list} set name = ?1 where id = 'a'`).bind('Гоголь').run()
    expect(await found([q('contains', 'name', 'пушкин')])).toBe('')
    expect([await search('пушкин'), await search('гоголь')]).toEqual(['', 'a'])
    expect(await found([q('contains', 'name', 'Гоголь')])).toBe('a')
    await foldTexts(w.db)
    expect(await found([q('contains', 'name', 'ГОГОЛЬ')])).toBe('a')
  })
  test('keeps a folded form through a change of case alone, and drops that of an ASCII name', async () => {
    await foldTexts(w.db)
    const one = list === 'files' ? `${path}/a` : list === 'users' ? '/users/a/name' : '/teams/a'
    const rename = async (name: string) =>
      (await w.send(list === 'users' ? 'patch' : 'put', one, { name })).status
    expect(await rename('ПУШКИН')).toBe(200)
    expect([await found([q('contains', 'name', 'пушкин')]), await search('пушкин')]).toEqual([
      'a',
      'a',
    ])
    expect(await rename('Pushkin')).toBe(200)
    expect([await found([q('contains', 'name', 'пушкин')]), await search('пушкин')]).toEqual([
      '',
      '',
    ])
    expect([await found([q('contains', 'name', 'PUSH')]), await search('PUSH')]).toEqual(['a', 'a'])
  })
})

test('touches only rows that lack a folded form, and no time', async () => {
  const { id, nameForm, nameWords, updatedAt } = users
  const stored = () => w.db.select({ id, nameForm, nameWords, updatedAt }).from(users)
  const row = (one: string, form: string | null, words: string | null) => ({
    ...{ id: one, nameForm: form, nameWords: words, updatedAt: NOW },
  })
  expect(await stored()).toEqual(['a', 'b', 'c', 'd'].map((one) => row(one, null, null)))
  const folded = [
    row('a', 'пушкин', 'Пушкин\u0001пушкин'),
    row('b', '東京都', '東京都\u0001 東  京  都 '),
    row('c', 'eclair', 'Éclair\u0001eclair'),
    row('d', null, null),
  ]
  await foldTexts(w.db)
  expect(await stored()).toEqual(folded)
  await foldTexts(w.db)
  expect(await stored()).toEqual(folded)
})

test('folds every text of a row, more rows than a round takes, and reads nothing once all is done', async () => {
  await w.db.update(users).set({ email: 'пушкин@example.com' }).where(eq(users.id, 'd'))
  await w.db.update(files).set({ folder: 'Папка/' }).where(eq(files.id, 'd'))
  await w.env.DB.batch([
    w.env.DB.prepare(`update users set email_form = null, email_words = null`),
    w.env.DB.prepare(`update files set folder_form = null, folder_words = null`),
    w.env.DB.prepare(`with recursive n(i) as (select 1 union all select i + 1 from n where i < 450)
      insert into teams (id, name, total, prefs, created_at, updated_at) select 't' || i, 'Имя ' || i, 0, '{}', 0, 0 from n`),
  ])
  await foldTexts(w.db)
  const lists = await Promise.all([
    sendList(w, '/users', [q('contains', 'email', 'ПУШКИН')]),
    sendList(w, '/storage/buckets/shelf/files', [q('startsWith', 'folder', 'папк')]),
    sendList(w, '/teams', [q('startsWith', 'name', 'имя')]),
  ])
  expect(lists.map(({ body }) => body.total)).toEqual([1, 1, 450])
  await w.send('get', '/teams/none') // what is read is counted for one request
  const before = w.rowsRead()
  await foldTexts(database(w.env.DB))
  expect(w.rowsRead() - before).toBeLessThan(20)
})

/** Opens the database with `before` run ahead of each statement of a round that writes. @param before gets what is bound */
const withRounds = (before: (values: readonly unknown[]) => Promise<unknown>) =>
  database({
    prepare(query: string) {
      const statement = w.env.DB.prepare(query)
      if (!query.startsWith('update')) return statement
      return {
        bind: (...values: unknown[]) => ({
          run: async () => {
            await before(values)
            return statement.bind(...values).run()
          },
        }),
      }
    },
  } as unknown as D1Database)

test('folds the longest names in rounds that D1 takes, and leaves none out', async () => {
  const name = '東'.repeat(2048)
  await w.env.DB.prepare(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < 210)
     insert into teams (id, name, total, prefs, created_at, updated_at) select 'long' || i, ?1, 0, '{}', 0, 0 from n`,
  )
    .bind(name)
    .run()
  const sizes: number[] = []
  const note = async (values: readonly unknown[]) => {
    sizes.push(new TextEncoder().encode(values.join()).length)
  }
  await foldTexts(withRounds(note))
  expect(Math.max(...sizes)).toBeLessThan(2_000_000)
  const left = await w.env.DB.prepare(
    `select count(*) as count from teams where name_form is null and id like 'long%'`,
  ).first('count')
  expect(left).toBe(0)
})

test('leaves what is renamed meanwhile to the name that it has then', async () => {
  const rename = () => w.send('put', '/teams/a', { name: 'Гоголь' })
  await foldTexts(withRounds(rename))
  const row = await w.env.DB.prepare(`select name, name_form from teams where id = 'a'`).first()
  expect(row).toEqual({ name: 'Гоголь', name_form: 'гоголь' })
})
