import { Account, Client, Users } from 'node-appwrite'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import { startBrowser } from '#test/support/browser'
import { address, newestLinkTo } from '#test/support/browsers'

const endpoint = inject('endpoint')
const { origin } = new URL(endpoint)
const guest = new Client().setEndpoint(endpoint).setProject('edgewrite')
const server = new Client().setEndpoint(endpoint).setProject('edgewrite').setKey(inject('apiKey'))
const users = new Users(server)

let browser: Browser
const contexts: BrowserContext[] = []
beforeAll(async () => {
  browser = await startBrowser()
})
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()))
})
afterAll(() => browser?.close())

async function openBrowser(): Promise<Page> {
  const context = await browser.newContext()
  contexts.push(context)
  return context.newPage()
}

/** Mails a magic link. @returns it, and its user's ID */
async function linkFor(email: string) {
  const { userId } = await new Account(guest).createMagicURLToken({ userId: 'unique()', email })
  return { userId, href: (await newestLinkTo(email)).href }
}

const button = (page: Page) => page.locator('button')
const note = (page: Page) => page.locator('output')
const says = (page: Page, text: string) => note(page).filter({ hasText: text }).waitFor()

/** Opens a link and presses its button. */
async function signIn(page: Page, href: string) {
  await page.goto(href)
  await page.getByRole('button', { name: 'Continue' }).click()
  await says(page, 'You are signed in as')
}

/** Returns who is signed in in a browser. */
async function whoIs(page: Page): Promise<string | undefined> {
  const headers = { 'X-Appwrite-Project': 'edgewrite' }
  const answer = await page.request.get(`${endpoint}/account`, { headers })
  return (await answer.json()).$id
}

test('signs in at a press of the button, and names who it is', async () => {
  const page = await openBrowser()
  const email = address()
  const { userId, href } = await linkFor(email)
  await page.goto(href)
  await page.getByRole('button', { name: 'Continue' }).waitFor()
  expect(await whoIs(page)).toBeUndefined()
  expect(page.url()).toBe(`${origin}/auth/magic-url`)
  await button(page).click()
  await says(page, `You are signed in as ${email}.`)
  expect([await whoIs(page), await button(page).isVisible()]).toEqual([userId, false])
})

test('a link of somebody else names who is signed in, and switches when asked to', async () => {
  const page = await openBrowser()
  const [mine, theirs] = [address(), address()]
  const { userId, href } = await linkFor(mine)
  await signIn(page, href)
  await users.updateName({ userId, name: '<b>Ada</b>' })
  const other = await linkFor(theirs)
  await page.goto(other.href)
  await says(page, `In this browser, <b>Ada</b> (${mine}) is signed in.`)
  expect(await whoIs(page)).toBe(userId)
  await page.getByRole('button', { name: 'Switch account' }).click()
  await says(page, `You are signed in as ${theirs}.`)
  expect(await whoIs(page)).toBe(other.userId)
  expect((await users.listSessions({ userId })).total).toBe(0)
})

test('a link of somebody else changes nothing as long as nobody switches', async () => {
  const page = await openBrowser()
  const { userId, href } = await linkFor(address())
  await signIn(page, href)
  const other = await linkFor(address())
  await page.goto(other.href)
  await page.getByRole('button', { name: 'Switch account' }).waitFor()
  expect(await whoIs(page)).toBe(userId)
  const elsewhere = await openBrowser()
  await signIn(elsewhere, other.href)
  expect(await whoIs(elsewhere)).toBe(other.userId)
})

test('a guest’s session is named as such', async () => {
  const page = await openBrowser()
  await page.goto(`${origin}/auth/magic-url`)
  await page.evaluate(() =>
    fetch('/v1/account/sessions/anonymous', {
      method: 'POST',
      headers: { 'X-Appwrite-Project': 'edgewrite' },
    }),
  )
  const { userId, href } = await linkFor(address())
  await page.goto(href)
  await says(page, 'a guest is signed in')
  await button(page).click()
  await says(page, 'You are signed in as')
  expect(await whoIs(page)).toBe(userId)
})

test('a session that waits for its second factor is one to switch from', async () => {
  const page = await openBrowser()
  const { userId, href } = await linkFor(address())
  await signIn(page, href)
  await users.updatePhone({ userId, number: '+4930987654' })
  await users.updatePhoneVerification({ userId, phoneVerification: true })
  await users.updateMFA({ userId, mfa: true })
  expect(await whoIs(page)).toBeUndefined()
  const other = await linkFor(address())
  await page.goto(other.href)
  await says(page, 'In this browser, somebody who has not shown a second factor yet is signed in.')
  await page.getByRole('button', { name: 'Switch account' }).click()
  await says(page, 'You are signed in as')
  expect(await whoIs(page)).toBe(other.userId)
})

test('one’s own link says that one is signed in already', async () => {
  const page = await openBrowser()
  const email = address()
  await signIn(page, (await linkFor(email)).href)
  await page.goto((await linkFor(email)).href)
  await says(page, `You are signed in as ${email} already.`)
  expect(await button(page).isVisible()).toBe(false)
})

test('a page that is loaded again says where its link is, and the link still works', async () => {
  const page = await openBrowser()
  const { userId, href } = await linkFor(address())
  await page.goto(href)
  await button(page).waitFor()
  await page.reload()
  await says(page, 'Open the link in the mail again')
  expect([await button(page).isVisible(), await note(page).textContent()]).toEqual([
    false,
    expect.not.stringMatching(/try again later/i),
  ])
  await signIn(page, href)
  expect(await whoIs(page)).toBe(userId)
})

test('the link of somebody who is blocked says so', async () => {
  const page = await openBrowser()
  const email = address()
  const { userId } = await linkFor(email)
  await users.updateStatus({ userId, status: false })
  await page.goto((await linkFor(email)).href)
  await button(page).click()
  await says(page, 'This account is blocked.')
  expect(await note(page).textContent()).not.toContain('signed in')
})

test('a link that was used says so', async () => {
  const page = await openBrowser()
  const { href } = await linkFor(address())
  await signIn(page, href)
  const other = await openBrowser()
  await other.goto(href)
  await button(other).click()
  await says(other, 'This link was used before or has expired.')
  expect(await button(other).isVisible()).toBe(false)
})

test('a window that reaches no server sends its reader to a browser, and may try again', async () => {
  const page = await openBrowser()
  const { userId, href } = await linkFor(address())
  await page.route('**/v1/account/**', (route) => route.abort())
  await page.goto(href)
  expect(await page.textContent('small')).toContain('mail program')
  await button(page).click()
  await says(page, 'open the link of the mail in your browser')
  await page.unroute('**/v1/account/**')
  await page.getByRole('button', { name: 'Try again' }).click()
  await says(page, 'You are signed in as')
  expect(await whoIs(page)).toBe(userId)
})
