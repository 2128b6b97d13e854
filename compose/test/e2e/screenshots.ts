// `make screenshots`: takes the pictures of the console in docs/screenshots, light and dark, from separate stacks. They
// have the same payments each time; only ids, times and the clock differ.
import type { Page } from 'playwright-core'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { repoRoot } from '../../src/config.ts'
import { runVerb } from '../../src/verb.ts'
import { pay } from '../support/pay.ts'
import { TemporaryStack } from '../support/temporary-stack.ts'
import { launchBrowser } from './browser.ts'
import { isLive } from './console-session.ts'
import { fillWithHistory } from './history.ts'
import { smallPng } from './small-png.ts'

const FOLDER = join(repoRoot, 'docs/screenshots')
const SIZE = { width: 1280, height: 800 }
/** Every clone downloads every version of a picture. */
const MAX_BYTES = 150_000
const TIMEOUT_MS = 20_000
const LOAD_S = 60
const LOAD_AMOUNTS = ['100.00', '64.50', '18.20', '250.00', '42.13', '73.40', '9.90', '0']

interface Picture {
  name: string
  path: string
  /** What is shown once the page has its content. */
  ready: string
  /** A button to press first. */
  press?: string
}

await runVerb(async () => {
  mkdirSync(FOLDER, { recursive: true })
  await takePictures(async (system) => {
    const { accountId, paymentId } = await fillWithHistory(system)
    return [
      { name: 'payments', path: '/', ready: '[data-testid=payment-row]' },
      { name: 'payment', path: `/payments/${paymentId}`, ready: '[data-testid=payment]' },
      { name: 'account', path: `/accounts/${accountId}`, ready: 'canvas' },
      { name: 'operations', path: '/operations', ready: '[data-testid=dead-job]' },
    ]
  })
  // Another system: the past that fillWithHistory() writes breaks the invariants about times.
  await takePictures(async (system) => {
    await payForAMinute(system.stack.endpoints().api)
    return [
      { name: 'overview', path: '/overview', ready: 'canvas' },
      { name: 'map', path: '/map', press: '[data-testid=create-100]', ready: '[data-testid=load-verdict][data-exact=true]' },
      { name: 'race', path: '/race', press: '[data-testid=start-race]', ready: '[data-finding=balance][data-holds=true]' },
      { name: 'proofs', path: '/proofs', press: '[data-testid=run-proofs]', ready: '[data-testid=proof-verdict][data-tone=success]' },
    ]
  })
  return 0
})

/** Starts a system, fills it, and takes pictures of its pages, light and dark. */
async function takePictures(fill: (system: TemporaryStack) => Promise<Picture[]>): Promise<void> {
  const system = await TemporaryStack.create({ WORKERS: '2' })
  try {
    const { code, stderr } = await system.verb('up')
    if (code !== 0)
      throw new Error(stderr)
    const pictures = await fill(system)
    const browser = await launchBrowser()
    try {
      const page = await browser.newPage({ viewport: SIZE, reducedMotion: 'reduce' })
      page.setDefaultTimeout(TIMEOUT_MS)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        for (const picture of pictures)
          await take(page, picture, { ui: system.stack.endpoints().ui, file: join(FOLDER, `${picture.name}-${colorScheme}.png`) })
      }
    }
    finally {
      await browser.close()
    }
  }
  finally {
    await system.remove()
  }
}

/** Makes payments for a minute at a rate that rises and falls, so that the charts have something to show. */
async function payForAMinute(api: string): Promise<void> {
  for (let second = 0; second < LOAD_S; second++) {
    const next = setTimeout(1_000)
    const count = Math.round(12 + 8 * Math.sin(second / 6))
    await Promise.all(Array.from({ length: count }, (_, n) => pay(api, { accountId: `ACC-00${1 + n % 5}`, amount: LOAD_AMOUNTS[n % LOAD_AMOUNTS.length]!, description: 'Order' })))
    await next
  }
}

async function take(page: Page, { path, press, ready }: Picture, { ui, file }: { ui: string, file: string }): Promise<void> {
  await page.goto(ui + path)
  await isLive(page)
  if (press)
    await page.locator(press).click()
  await page.locator(ready).first().waitFor()
  await page.waitForFunction('document.fonts.status === "loaded"')
  const bytes = smallPng(await page.screenshot({ animations: 'disabled', caret: 'hide' }))
  const size = bytes.length
  console.log(`${file.slice(repoRoot.length + 1).padEnd(40)} ${Math.round(size / 1000)} kB`)
  if (size > MAX_BYTES)
    throw new Error(`${file} would have ${size} bytes; a picture may have ${MAX_BYTES}`)
  writeFileSync(file, bytes)
}
