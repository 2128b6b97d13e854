import type { Browser } from 'playwright-core'
import { chromium } from 'playwright-core'
import { readConfig } from '../../src/config.ts'

/** A headless Chromium: the one at CHROMIUM_PATH, else the one that comes from npm (Linux on x64). */
export async function launchBrowser(): Promise<Browser> {
  const { chromiumPath } = readConfig()
  if (chromiumPath) {
    return chromium.launch({
      executablePath: chromiumPath,
      args: ['--no-sandbox'],
    })
  }
  const { default: packaged } = await import('@sparticuz/chromium')
  return chromium.launch({ executablePath: await packaged.executablePath(), args: packaged.args })
}
