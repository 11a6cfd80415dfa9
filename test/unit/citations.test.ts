import { describe, expect, test } from 'vitest'
import {
  anchorsIn,
  citationsIn,
  filesIn,
  isThere,
  linksIn,
  pathlessIn,
  sectionsIn,
  textOf,
} from '#test/support/citations'

const OWN = ['test/unit/citations.test.ts', 'test/support/citations.ts']
const code = [...filesIn('src', '.ts'), ...filesIn('test', '.ts')]
  .filter((path) => !OWN.includes(path))
  .map((path) => ({ path, text: textOf(path) }))
const pages = new Map(
  filesIn('docs/contract', '.md').map((path) => [
    path.replace(/^.*\/|\.md$/g, ''),
    sectionsIn(textOf(path)),
  ]),
)

describe('a citation in code', () => {
  test('names a section that docs/contract has', () => {
    const cited = code.flatMap(({ path, text }) =>
      citationsIn(text).map((citation) => ({ path, ...citation })),
    )
    const missing = cited.filter(({ page, section }) => {
      const sections = pages.get(page)
      return !sections || (section !== undefined && !sections.has(section))
    })
    expect(missing).toEqual([])
    expect(cited.length).toBeGreaterThan(200)
  })

  test('says in which file the section is', () => {
    const pathless = code.flatMap(({ path, text }) =>
      pathlessIn(text).map((found) => `${path}: ${found}`),
    )
    expect(pathless).toEqual([])
  })

  test('names a document that is there', () => {
    const missing = code.flatMap(({ path, text }) =>
      [...text.matchAll(/\bdocs\/[\w./-]*\.md\b/g)]
        .filter(([document]) => !isThere(document))
        .map(([document]) => `${path}: ${document}`),
    )
    expect(missing).toEqual([])
  })
})

const documents = ['README.md', ...filesIn('docs', '.md'), ...filesIn('src', '.md')]

test.each(documents)('%s links to what is there', (from) => {
  const broken = linksIn(from, textOf(from)).filter(([path, anchor]) => {
    if (!isThere(path)) return true
    return anchor !== undefined && !anchorsIn(textOf(path)).has(anchor)
  })
  expect(broken).toEqual([])
})

describe('the search for citations', () => {
  test.each([
    ['docs/contract/auth.md §5.2', ['auth 5.2']],
    ['(docs/contract/auth.md §2, §5–8)', ['auth 2', 'auth 5', 'auth 6', 'auth 7', 'auth 8']],
    ['docs/contract/storage.md\n * §3.1,\n * §4', ['storage 3.1', 'storage 4']],
    ['docs/contract/account.md §11.3, steps 4 to 11', ['account 11.3']],
    ['docs/contract/teams.md', ['teams undefined']],
    ['docs/uploads.md §1, RFC 9110 §13', []],
  ])('reads %j', (text, found) => {
    expect(citationsIn(text).map(({ page, section }) => `${page} ${section}`)).toEqual(found)
  })

  test.each([
    'auth contract 5.2',
    'Storage contract\n * 3.1',
    'users contract quirk 22',
    'contract 8.3',
    'platform §5',
  ])('finds %j', (text) => {
    expect(pathlessIn(text)).toHaveLength(1)
  })

  test.each(['the contract has the host', 'docs/contract/auth.md §5', 'a contract of 3 parts'])(
    'leaves %j',
    (text) => {
      expect(pathlessIn(text)).toEqual([])
    },
  )

  test('reads headings', () => {
    const page = '# 1. Title\n## 2. A\n### 2.1 B `c` [d](e.md)\n#### 2.1.1 E\n## Notes\n'
    expect([...sectionsIn(page)]).toEqual(['2', '2.1', '2.1.1'])
    expect([...anchorsIn(page)]).toContain('21-b-c-d')
  })
})
