import type { Browser } from 'playwright-core'
import { chromium } from 'playwright-core'
import { readConfig } from '../../src/config.ts'

/** Where Chromium is: at CHROMIUM_PATH, else the one that comes from npm (Linux on x64). */
export async function chromiumPath(): Promise<string> {
  const { default: packaged } = await import('@sparticuz/chromium')
  return readConfig().chromiumPath ?? await packaged.executablePath()
}

/**
 * Containers and root have no sandbox. Nothing else differs from what people run: the flags that come with the packaged
 * one are for a cloud function, and switch off what is to be tested (web security, a process for each site).
 */
export const CHROMIUM_FLAGS = ['--no-sandbox']

/** A headless Chromium. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: await chromiumPath(), args: CHROMIUM_FLAGS })
}
