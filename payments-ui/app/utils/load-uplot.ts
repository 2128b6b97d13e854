import type uPlot from 'uplot'

/**
 * Loads the chart library when the first chart is shown. uPlot passes `navigator.language` to Intl on load, which throws unless
 * it is a language tag: Chromium reports "en-US@posix" if the system's locale is C or POSIX.
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
