import type { Browser } from 'playwright-core'
import { chromium } from 'playwright-core'
import { readConfig } from '../../src/config.ts'

/** The path of Chromium: CHROMIUM_PATH, else the npm package's (Linux on x64). */
export async function chromiumPath(): Promise<string> {
  const { default: packaged } = await import('@sparticuz/chromium')
  return readConfig().chromiumPath ?? await packaged.executablePath()
}

/**
 * Chromium's sandbox works neither in containers nor as root. All other flags stay at the defaults that users run: the
 * package's own flags are for cloud functions, and turn off what these tests need (web security, site isolation).
 */
export const CHROMIUM_FLAGS = ['--no-sandbox']

/** Launches a headless Chromium. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: await chromiumPath(), args: CHROMIUM_FLAGS })
}
