import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  accountWorld,
  GUEST,
  type Headers_,
  phoneNumber,
  withPassword,
} from '#test/support/account'
import { type Addressee, CHALLENGES, CHANGES, SENT, type Use } from '#test/support/sent-secrets'
import { type Entry, type Person, STATES, setUpProviders, WAYS } from '#test/support/ways-in'
import type { World } from '#test/support/world'
import documented from '../../docs/contract/account.md?raw'

const SLOW = 240_000
const ELSE = 'somebody else signed in'

let w: World
beforeAll(async () => {
  w = await accountWorld()
  await setUpProviders(w)
})
afterAll(() => vi.restoreAllMocks())

/** Rows of the tables, as they come. */
const rows: Record<'ways' | 'secrets', [name: string, cells: string[]][]> = {
  ways: [],
  secrets: [],
}

/** Whose account a sign-in opens, and what is asked for first. */
async function outcome(
  entry: Entry,
  person: Person,
  other: Person['id'] | undefined,
): Promise<string> {
  if ('refused' in entry) return `\`${entry.refused}\``
  const { status, body } = await w.send('get', '/account', undefined, entry.session)
  if (status === 401 && body.type === 'user_more_factors_required') return 'factor'
  if (status === 403 && body.type === 'user_blocked') return 'closed'
  expect([status, body.type]).toEqual([200, undefined])
  // Nobody ever gets into the account of whoever was signed in before.
  expect(body.$id).not.toBe(other)
  return body.$id === person.id ? 'in' : 'new'
}

const isOpen = async (headers: Headers_) =>
  (await w.send('get', '/account', undefined, headers)).status === 200

describe('every way to sign in', () => {
  test.each(Object.entries(WAYS))(
    '%s',
    async (name, way) => {
      const cells: string[] = []
      for (const [state, make] of Object.entries(STATES)) {
        const person = await make(w)
        const other = state === ELSE ? await w.signedIn({ name: 'Somebody else' }) : undefined
        const entry = await way(w, person, other?.headers ?? GUEST)
        const said = await outcome(entry, person, other?.user.id)
        const ended = other && !(await isOpen(other.headers))
        cells.push(ended ? `${said}, the other session ends` : said)
      }
      rows.ways.push([name, cells])
    },
    SLOW,
  )
})

/** Makes somebody who is signed in twice; what is verified cannot be verified, and only that can be challenged. */
async function addressee(isVerified: boolean): Promise<Addressee> {
  const phone = phoneNumber()
  const verified = { emailVerification: isVerified, phoneVerification: isVerified }
  const user = await withPassword(w, { phone, ...verified })
  const [here, there] = [await w.session(user.id), await w.session(user.id)]
  return { id: user.id, email: user.email, phone, headers: here.headers, elsewhere: there.headers }
}

/** Checks whether a secret still works, and if only for its user. */
async function lastsFor(use: Use, { id }: Addressee, deleted: boolean): Promise<string> {
  if ((await use()).status < 300) return 'works'
  if (deleted) return 'void'
  const { headers } = await w.session(id)
  return (await use(headers)).status < 300 ? 'own session' : 'void'
}

describe('every secret that is sent', () => {
  const all = { ...SENT, ...CHALLENGES }
  test.each(Object.entries(all))(
    '%s',
    async (name, send) => {
      const cells: string[] = []
      for (const [change, make] of Object.entries(CHANGES)) {
        await w.send('delete', '/outbox', undefined, {})
        const who = await addressee(name in CHALLENGES)
        const use = await send(w, who)
        await make(w, who, use, () => send(w, who))
        cells.push(await lastsFor(use, who, change === 'user deleted'))
      }
      rows.secrets.push([name, cells])
    },
    SLOW,
  )
})

const print = (corner: string, columns: readonly string[], table: (typeof rows)['ways']) =>
  [
    `| ${corner} | ${columns.join(' | ')} |`,
    `|${'---|'.repeat(columns.length + 1)}`,
    ...table.map(([name, cells]) => `| ${name} | ${cells.join(' | ')} |`),
  ].join('\n')

const tables = () => `## 18. Who gets in, and what is void

Both tables are what \`test/conformance/account-tables.test.ts\` finds when it walks through every case on a project with
default policies. After a change of behaviour, write them again with \`npx vitest run -u\` and that file.

### 18.1 Ways to sign in, by the state of the person

"in": signed in. "new": signed in as a new user. "factor": a session that must show a second factor before it may do
anything else (8). "closed": a session that opens nothing, since its user is blocked. Everything else is the type of the
refusal. The person has an address, a number and accounts at both providers, whose address is the same and verified.
"reset pending": a recovery link is open. "somebody else signed in": the browser holds the session of another user; the
token of a provider is then exchanged by the app, which does not.

${print('', Object.keys(STATES), rows.ways)}

### 18.2 Secrets that were sent, by what happens before their use

"works", "void", or "own session": it no longer signs in, but the user's own session may use it.

${print('', Object.keys(CHANGES), rows.secrets)}
`

test('docs/contract/account.md shows both tables as they are', async () => {
  const [begin, end] = ['begin', 'end'].map((mark) => `<!-- generated from tests: ${mark} -->`)
  const [before, rest = ''] = documented.split(`${begin}\n`)
  const [, after = ''] = rest.split(`${end}`)
  expect(rows.ways.map(([name]) => name)).toEqual(Object.keys(WAYS))
  const whole = `${before}${begin}\n${tables()}${end}${after}`
  await expect(whole).toMatchFileSnapshot('../../docs/contract/account.md')
})
