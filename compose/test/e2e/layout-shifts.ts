/**
 * Runs in the page: sums up the layout shifts that no input caused, and names what moved. The sum is at least the page's CLS,
 * which counts only the worst five seconds.
 */
export const recordShifts = `
  globalThis.shifts = { score: 0, moved: [] }
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries()) {
      if (!hadRecentInput) {
        shifts.score += value
        shifts.moved.push(...sources.map(({ node, previousRect, currentRect }) => (node?.localName ?? 'text') + ' ' + previousRect.top + ' to ' + currentRect.top))
      }
    }
  }).observe({ type: 'layout-shift' })`
