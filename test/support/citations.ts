import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

/** A space, or the break of a line within a comment. */
const GAP = String.raw`(?:[ \t]+|[ \t]*\r?\n[ \t]*(?:\*|\/\/)[ \t]*)`
const NUMBER = String.raw`\d+(?:\.\d+)*`
const CITATION = new RegExp(
  String.raw`docs\/contract\/(\w+)\.md((?:,?${GAP}§${NUMBER}(?:–${NUMBER})?)*)`,
  'g',
)
const SECTION = new RegExp(`§(${NUMBER})(?:–(${NUMBER}))?`, 'g')
/** What citations looked like that name no file. */
const PATHLESS = [
  new RegExp(String.raw`\bcontract${GAP}(?:quirk${GAP})?§?\d+`, 'gi'),
  new RegExp(String.raw`\bplatform${GAP}§\d+`, 'gi'),
]
const HEADING = /^#{2,6} (\d+(?:\.\d+)*)\.? /gm

/** A section that a text names; `section` is undefined where it names the page alone. */
export type Citation = { page: string; section: string | undefined }

/** Returns the sections that a range of whole numbers stands for, as `5–8`; otherwise its two ends. */
function sectionsOf(from: string, to: string | undefined): string[] {
  if (to === undefined) return [from]
  const [first, last] = [Number(from), Number(to)]
  if (!Number.isInteger(first) || !Number.isInteger(last)) return [from, to]
  return Array.from({ length: Math.max(0, last - first) + 1 }, (_, index) => `${first + index}`)
}

/** Finds the sections of `docs/contract` that a text cites, also where a comment breaks its lines. */
export function citationsIn(text: string): Citation[] {
  return [...text.matchAll(CITATION)].flatMap(([, page = '', list = '']): Citation[] => {
    const sections = [...list.matchAll(SECTION)].flatMap(([, from = '', to]) =>
      sectionsOf(from, to),
    )
    return sections.length > 0
      ? sections.map((section) => ({ page, section }))
      : [{ page, section: undefined }]
  })
}

/** Finds citations of a contract that do not say in which file it is. */
export const pathlessIn = (text: string): string[] =>
  PATHLESS.flatMap((pattern) => [...text.matchAll(pattern)].map(([found]) => found))

/** Returns the numbers of a page's sections. */
export const sectionsIn = (page: string): ReadonlySet<string> =>
  new Set([...page.matchAll(HEADING)].map(([, number = '']) => number))

/** Returns the anchors of a page's headings, as GitHub makes them. */
export function anchorsIn(page: string): ReadonlySet<string> {
  const titles = [...page.matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) => title)
  const plain = titles.map((title) => title.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1'))
  return new Set(
    plain.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

/** Returns a file's text, by its path from the root. */
export const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** Checks whether a file or folder is there, by its path from the root. */
export const isThere = (path: string): boolean => existsSync(join(ROOT, path))

/** Lists the files of a folder and of all below it, by their paths from the root. */
export const filesIn = (folder: string, extension: string): string[] =>
  readdirSync(join(ROOT, folder), { encoding: 'utf8', recursive: true })
    .filter((path) => path.endsWith(extension))
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .sort()

/** Finds the links of a page that lead within the repository, as `[path, anchor]`. */
export function linksIn(from: string, page: string): [path: string, anchor: string | undefined][] {
  const prose = page.replace(/^```.*?^```$/gms, '').replace(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return []
    const [path = '', anchor] = target.split('#')
    return [[path === '' ? from : normalize(join(dirname(from), path)), anchor]]
  })
}
