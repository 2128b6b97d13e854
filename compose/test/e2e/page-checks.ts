import type { Page } from 'playwright-core'
import assert from 'node:assert/strict'
import axe from 'axe-core'

/** In px: phone, tablet and desktop. Ends with the width at which tests open pages. */
const WIDTHS = [375, 768, 1024, 1600, 1280]
const HEIGHT = 800

/** The page's globals that the checks read. This project compiles without the DOM types. */
interface InPage {
  axe: typeof axe
  document: {
    documentElement: { scrollWidth: number }
    getAnimations: () => {
      finished: Promise<unknown>
      effect: { getTiming: () => { iterations: number } }
    }[]
  }
  innerWidth: number
}

/** Asserts that axe finds no accessibility violation in the page as it is, light or dark. */
export async function assertAccessible(page: Page): Promise<void> {
  await page.evaluate(axe.source)
  await inEachColorScheme(page, async (colorScheme) => {
    assert.deepEqual(await violations(page), [], colorScheme)
  })
}

/** Asserts that the page does not overflow the window from 375 px on, light or dark. Leaves the window 1280 px wide. */
export async function assertNoOverflow(page: Page): Promise<void> {
  await inEachColorScheme(page, async (colorScheme) => {
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHT })
      assert.equal(await page.evaluate(() => (globalThis as unknown as InPage).document.documentElement.scrollWidth - (globalThis as unknown as InPage).innerWidth), 0, `${width} px, ${colorScheme}`)
    }
  })
}

async function inEachColorScheme(page: Page, check: (colorScheme: 'light' | 'dark') => Promise<void>): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.locator(`html.${colorScheme}`).waitFor()
    await check(colorScheme)
  }
}

/** Each rule that the page violates, and the elements that violate it. */
async function violations(page: Page): Promise<string[]> {
  const found = await page.evaluate(async () => {
    const { axe, document } = globalThis as unknown as InPage
    // Wait for transitions to end: a colour halfway through one has another contrast.
    await Promise.allSettled(document.getAnimations()
      .filter(({ effect }) => effect.getTiming().iterations !== Infinity)
      .map(({ finished }) => finished))
    const { violations } = await axe.run({ resultTypes: ['violations'] })
    return violations.map(({ id, nodes }) => ({ id, elements: nodes.map(node => node.html) }))
  })
  return found.map(({ id, elements }) => `${id}: ${elements.join(' ')}`)
}
