// `make screenshots`: takes the pictures of the console in docs/screenshots, light and dark, from a separate stack. The
// stack has the same payments each time; only their ids and the clock differ.
import type { Page } from 'playwright-core'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../../src/config.ts'
import { runVerb } from '../../src/verb.ts'
import { TemporaryStack } from '../support/temporary-stack.ts'
import { launchBrowser } from './browser.ts'
import { fillWithHistory } from './history.ts'
import { smallPng } from './small-png.ts'

const FOLDER = join(repoRoot, 'docs/screenshots')
const SIZE = { width: 1280, height: 800 }
/** Every clone downloads every version of a picture. */
const MAX_BYTES = 150_000
const TIMEOUT_MS = 20_000

await runVerb(async () => {
  mkdirSync(FOLDER, { recursive: true })
  const system = await TemporaryStack.create({ WORKERS: '2' })
  try {
    const { code, stderr } = await system.verb('up')
    if (code !== 0)
      throw new Error(stderr)
    const { ui } = system.stack.endpoints()
    const { accountId, paymentId } = await fillWithHistory(system)
    const pages: [name: string, path: string, ready: string][] = [
      ['payments', '/', '[data-testid=payment-row]'],
      ['payment', `/payments/${paymentId}`, '[data-testid=payment]'],
      ['account', `/accounts/${accountId}`, 'canvas'],
      ['operations', '/operations', '[data-testid=dead-job]'],
    ]
    const browser = await launchBrowser()
    try {
      const page = await browser.newPage({ viewport: SIZE, reducedMotion: 'reduce' })
      page.setDefaultTimeout(TIMEOUT_MS)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        for (const [name, path, ready] of pages)
          await picture(page, { url: ui + path, ready, file: join(FOLDER, `${name}-${colorScheme}.png`) })
      }
    }
    finally {
      await browser.close()
    }
  }
  finally {
    await system.remove()
  }
  return 0
})

async function picture(page: Page, { url, ready, file }: { url: string, ready: string, file: string }): Promise<void> {
  await page.goto(url)
  await page.locator('[data-testid=live-status][data-state=live]').waitFor()
  await page.locator(ready).first().waitFor()
  await page.waitForFunction('document.fonts.status === "loaded"')
  const bytes = smallPng(await page.screenshot({ animations: 'disabled', caret: 'hide' }))
  const size = bytes.length
  console.log(`${file.slice(repoRoot.length + 1).padEnd(40)} ${Math.round(size / 1000)} kB`)
  if (size > MAX_BYTES)
    throw new Error(`${file} would have ${size} bytes; a picture may have ${MAX_BYTES}`)
  writeFileSync(file, bytes)
}
