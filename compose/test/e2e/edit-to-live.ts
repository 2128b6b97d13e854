import { readFileSync, renameSync, writeFileSync } from 'node:fs'
// Prints how long it takes until a saved line is live with `make dev`: the median of three edits of the API, of the worker and
// of the console in an open page. Edits a copy of the tree. MODE=embedded (the default) or MODE=compose:
//   MODE=compose node compose/test/e2e/edit-to-live.ts
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { DevStack } from '../support/dev-stack.ts'
import { until } from '../support/until.ts'
import { launchBrowser } from './browser.ts'

const EDITS = 3

const system = await DevStack.start()
try {
  const { api, ui } = system.stack.endpoints()
  console.log(`${system.mode}, on a machine with load ${loadavg()[0]!.toFixed(1)}:`)
  await measure('API', 'payments-api/src/http/health.ts', `status: 'ok'`, text => `status: 'ok', edit: '${text}'`, async text => (await system.healthOf('api', api)).includes(text))
  await measure('worker', 'recon-worker/src/health-server.ts', `status: 'ok'`, text => `status: 'ok', edit: '${text}'`, async text => (await system.healthOf('worker-1', '')).includes(text))
  const browser = await launchBrowser()
  try {
    const page = await browser.newPage()
    let connected = false
    page.on('console', message => connected ||= message.text().includes('[vite] connected'))
    await page.goto(ui, { timeout: 120_000 })
    // Playwright's waitForFunction would need eval, which the content security policy forbids.
    await until('the page listens for changes', () => connected, 120_000)
    await until('the page is hydrated', () => page.evaluate<boolean>('document.querySelector("#__nuxt")?.__vue_app__ !== undefined').catch(() => false), 120_000)
    await measure('console', 'payments-ui/app/components/ui/AppHeader.vue', 'Payments console', text => text, text => page.getByText(text).first().isVisible())
  }
  finally {
    await browser.close()
  }
}
finally {
  await system.remove()
}

/** Saves the file as editors do, by a rename, and polls until the change is live. */
async function measure(name: string, file: string, was: string, is: (text: string) => string, isLive: (text: string) => Promise<boolean>): Promise<void> {
  const path = join(system.tree, file)
  const original = readFileSync(path, 'utf8')
  const times: number[] = []
  for (let edit = 0; edit < EDITS; edit++) {
    const text = `edit-${edit}`
    writeFileSync(`${path}.new`, original.replace(was, is(text)))
    const begin = Date.now()
    renameSync(`${path}.new`, path)
    await until(`the ${name} is live`, () => isLive(text).catch(() => false), 60_000)
    times.push(Date.now() - begin)
  }
  const median = times.toSorted((a, b) => a - b)[Math.floor(EDITS / 2)]!
  console.log(`  ${name.padEnd(8)} ${(median / 1000).toFixed(2)} s   (${times.map(ms => (ms / 1000).toFixed(2)).join(', ')})`)
}
