import type { Browser, Page } from 'playwright-core'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { TemporaryStack } from '../support/temporary-stack.ts'
import { launchBrowser } from './browser.ts'

const TIMEOUT_MS = 20_000

/** A running system and a browser for the tests of one `describe`. Set by its before hook. */
export interface ConsoleSession {
  system: TemporaryStack
  browser: Browser
  /** The addresses of the console and of the API. */
  ui: string
  api: string
  /** What the pages of all tests reported that no page may report: see recordProblems(). */
  problems: string[]
  /** Opens a page in a separate browser profile, and waits until its event stream is connected: the page is then hydrated. */
  open: (path: string, options?: { width?: number, timezoneId?: string }) => Promise<Page>
}

export const isLive = (page: Page): Promise<void> => page.locator('[data-testid=live-status][data-state=live]').waitFor()
export const newAccount = (name: string): string => `${name}-${randomUUID().slice(0, 8)}`

/** A page that is left while it loads a script reports this as well, so missing scripts are known by their responses. */
const LEFT_WHILE_LOADING = 'Failed to fetch dynamically imported module'

/**
 * Records each error of a page, missing script, hydration mismatch, and violation of the content security policy. Tests may provoke
 * other failed requests.
 */
export function recordProblems(page: Page, problems: string[]): void {
  page.on('pageerror', error => error.message.includes(LEFT_WHILE_LOADING) || problems.push(String(error)))
  page.on('response', (response) => {
    if (response.url().includes('/_nuxt/') && response.status() >= 400)
      problems.push(`${response.status()} ${response.url()}`)
  })
  page.on('console', (message) => {
    if (/hydrat|content security policy/i.test(message.text()))
      problems.push(message.text())
  })
}

/** Registers hooks that start a system and a browser, close a test's pages after it, and remove everything at the end. */
export function consoleSession(): ConsoleSession {
  const session = { open, problems: [] as string[] } as ConsoleSession

  before(async () => {
    session.system = await TemporaryStack.create()
    const { code, stderr } = await session.system.verb('up')
    assert.equal(code, 0, stderr)
    Object.assign(session, session.system.stack.endpoints())
    session.browser = await launchBrowser()
  })
  afterEach(() => Promise.all(session.browser.contexts().map(context => context.close())))
  after(async () => {
    await session.browser?.close()
    await session.system?.remove()
  })

  async function open(path: string, { width = 1280, timezoneId = 'UTC' } = {}): Promise<Page> {
    const context = await session.browser.newContext({ viewport: { width, height: 800 }, reducedMotion: 'reduce', timezoneId })
    context.setDefaultTimeout(TIMEOUT_MS)
    const page = await context.newPage()
    recordProblems(page, session.problems)
    await page.goto(session.ui + path)
    await isLive(page)
    return page
  }
  return session
}
