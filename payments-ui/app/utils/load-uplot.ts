import type uPlot from 'uplot'

/**
 * The chart library, loaded when a chart is first shown. As it loads it hands `navigator.language` to Intl, which throws at
 * a value that is no language tag: Chromium says "en-US@posix" where the system's locale is C or POSIX.
 */
export async function loadUPlot(): Promise<typeof uPlot> {
  if (!isLanguageTag(navigator.language))
    Object.defineProperty(navigator, 'language', { value: 'en', configurable: true })
  return (await import('uplot')).default
}

function isLanguageTag(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length > 0
  }
  catch {
    return false
  }
}
