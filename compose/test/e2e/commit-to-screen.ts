// Prints how long it takes until a settled payment is on the screen of an otherwise idle console: the median of 20 payments.
//   node compose/test/e2e/commit-to-screen.ts
import { loadavg } from 'node:os'
import { runVerb } from '../../src/verb.ts'
import { TemporaryStack } from '../support/temporary-stack.ts'
import { launchBrowser } from './browser.ts'
import { isLive } from './console-session.ts'
import { measureTimeToScreen, recordRows } from './time-to-screen.ts'

const GOAL_MS = 200
const PAYMENTS = 20

await runVerb(async () => {
  const system = await TemporaryStack.create()
  try {
    const { code, stderr } = await system.verb('up')
    if (code !== 0)
      throw new Error(stderr)
    const { api, ui } = system.stack.endpoints()
    const browser = await launchBrowser()
    try {
      const page = await browser.newPage()
      await recordRows(page)
      await page.goto(ui)
      await isLive(page)
      const { median, longest } = await measureTimeToScreen(page, api, { accountId: 'ACC-001', payments: PAYMENTS })
      console.log(`Settled to shown, ${PAYMENTS} payments, on a machine with load ${loadavg()[0]!.toFixed(1)}: median ${median.toFixed(0)} ms, longest ${longest.toFixed(0)} ms. Wanted: a median below ${GOAL_MS} ms.`)
      return median < GOAL_MS ? 0 : 1
    }
    finally {
      await browser.close()
    }
  }
  finally {
    await system.remove()
  }
})
