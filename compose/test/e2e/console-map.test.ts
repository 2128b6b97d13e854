import type { Browser, BrowserContext, Page } from 'playwright-core'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { TemporaryStack } from '../support/temporary-stack.ts'
import { until } from '../support/until.ts'
import { launchBrowser } from './browser.ts'
import { recordProblems } from './console-session.ts'
import { assertAccessible, assertNoOverflow } from './page-checks.ts'

const TIMEOUT_MS = 30_000
/** A killed worker's jobs are claimed again once its lease is over. */
const SETTLE_TIMEOUT_MS = 90_000

/** The page's globals that the tests read. This project compiles without the DOM types. */
interface InPage {
  getComputedStyle: (element: unknown) => { animationName: string }
}

for (const chaos of [false, true]) {
  describe(`the console's map ${chaos ? 'with CONSOLE_CHAOS=1' : 'by default'}`, () => {
    let system: TemporaryStack
    let browser: Browser
    let context: BrowserContext
    let page: Page
    let ui: string
    const problems: string[] = []

    before(async () => {
      system = await TemporaryStack.create({ WORKERS: '2' })
      const { code, stdout, stderr } = await system.verb('up', chaos ? { CONSOLE_CHAOS: '1' } : {})
      assert.equal(code, 0, stderr)
      assert.equal(stdout.includes('CONSOLE_CHAOS'), chaos)
      ;({ ui } = system.stack.endpoints())
      browser = await launchBrowser()
      context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
      page = await context.newPage()
      page.setDefaultTimeout(TIMEOUT_MS)
      recordProblems(page, problems)
      await open()
    })
    after(async () => {
      await browser?.close()
      await system?.remove()
    })

    async function open(): Promise<void> {
      await page.goto(`${ui}/map`)
      await page.locator('[data-testid=live-status][data-state=live]').waitFor()
      await until('both workers are on the map', async () => await page.locator('[data-testid=map-worker][data-state=running]').count() === 2)
    }

    const checked = () => page.locator('[data-testid=load-verdict][data-phase=checked]').waitFor({ timeout: SETTLE_TIMEOUT_MS })
    const verdict = () => page.getByTestId('load-verdict').innerText()
    const supervisorLog = () => readFileSync(system.folder.logFile('supervisor'), 'utf8')

    /** Starts a load and returns once this many payments were accepted. */
    async function startLoad(accepted: number): Promise<void> {
      await page.getByTestId('start-load').click()
      await until(`${accepted} were accepted`, async () => Number(await page.getByTestId('load-accepted').innerText()) >= accepted, TIMEOUT_MS)
    }

    if (chaos)
      withKillSwitch()
    else
      byDefault()

    function byDefault(): void {
      it('counts what it creates at once, and compares the ledger with it to the cent', async () => {
        await page.getByTestId('create-20').click()
        await checked()
        assert.match(await verdict(), /^20 accepted, 20 settled, 0 lost, to the cent\.\s+The ledger has \$\d+\.\d\d USD/)
        assert.match(await page.getByTestId('map-ledger').innerText(), /20 settled since you came/)
      })

      it('runs a load until it is stopped, and counts on when more is created meanwhile', async () => {
        await startLoad(10)
        await page.getByTestId('create-100').click()
        await page.getByTestId('stop-load').click()
        await checked()
        const [, accepted, settled] = /^(\d+) accepted, (\d+) settled, 0 lost, to the cent/.exec(await verdict()) ?? []
        assert.ok(Number(accepted) >= 10 && accepted === settled, await verdict())
      })

      it('ends the load when the page is left', async () => {
        await startLoad(5)
        let sent = 0
        await page.getByRole('link', { name: 'Accounts' }).first().click()
        await page.getByTestId('account-row').first().waitFor()
        page.on('request', request => sent += request.method() === 'POST' ? 1 : 0)
        await page.waitForResponse(response => response.url().includes('/api/operations')) // the header's next look, seconds later
        assert.equal(sent, 0)
        await open()
      })

      it('moves nothing for readers who want no motion, and dots along the lines for others', async () => {
        const animation = () => page.locator('.dots').first().evaluate(element => (globalThis as unknown as InPage).getComputedStyle(element).animationName)
        assert.equal(await animation(), 'none')
        await page.emulateMedia({ reducedMotion: 'no-preference' })
        assert.match(await animation(), /^flow/)
        await page.emulateMedia({ reducedMotion: 'reduce' })
      })

      it('offers no Kill: nothing listens, and pages may call only the console', async () => {
        assert.equal(await page.getByTestId('kill-worker').count(), 0)
        const response = await fetch(`${ui}/map`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
        assert.match(response.headers.get('content-security-policy')!, /connect-src 'self';/)
        assert.match(await response.text(), /killUrl:"",killToken:""/)
        const environment = readFileSync(`/proc/${(await system.stack.parts()).find(part => part.name === 'ui')!.pid}/environ`, 'utf8')
        assert.doesNotMatch(environment, /KILL/)
      })
    }

    function withKillSwitch(): void {
      it('kills a worker under load, which starts again, and nothing is lost', async () => {
        const before = (await system.stack.parts()).find(part => part.name === 'worker-1')!
        await startLoad(20)
        await page.getByRole('button', { name: 'Kill worker-1' }).click()
        await page.getByTestId('killed').filter({ hasText: 'worker-1 was killed' }).waitFor()
        await page.locator('[data-worker=worker-1][data-state=running]').waitFor()
        await until('the supervisor sees it die', () => /worker-1 is killed from the console's map\n.*worker-1 died \(killed by SIGKILL\)/.test(supervisorLog()))
        await until('the worker runs again', async () => {
          const now = (await system.stack.parts()).find(part => part.name === 'worker-1')!
          return now.pid !== before.pid && now.health === 'ok'
        }, TIMEOUT_MS)
        await page.getByTestId('stop-load').click()
        await checked()
        assert.match(await verdict(), /^(\d+) accepted, \1 settled, 0 lost, to the cent\./)
      })

      it('lets no page of another origin kill one', async () => {
        const [, url, token] = /killUrl:"(http:\/\/127\.0\.0\.1:\d+)",killToken:"([\w-]+)"/.exec(await (await fetch(`${ui}/map`, { signal: AbortSignal.timeout(TIMEOUT_MS) })).text()) ?? []
        const other = await context.newPage()
        // A page without a policy of its own: only the kill switch stands in its way.
        const elsewhere = `${system.stack.endpoints().api}/elsewhere`
        await other.route(elsewhere, route => route.fulfill({ contentType: 'text/html', body: '<title>Elsewhere</title>' }))
        await other.goto(elsewhere)
        const before = supervisorLog().match(/is killed from/g)!.length
        const outcome = await other.evaluate(({ url, token }) => fetch(`${url}/kill/worker-2`, { method: 'POST', headers: { authorization: `Bearer ${token}` } }).then(({ status }) => String(status), String), { url, token })
        assert.match(outcome, /Failed to fetch/)
        await other.close()
        assert.equal(supervisorLog().match(/is killed from/g)!.length, before)
      })
    }

    it('has no accessibility violation that axe finds, light or dark, and no overflow from 375 px on', async () => {
      await assertAccessible(page)
      await assertNoOverflow(page)
    })

    it('no error in the browser', () => assert.deepEqual(problems, []))
  })
}
