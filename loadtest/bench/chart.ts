import type { Outcome } from './measure.ts'
import { medians, shown } from './figures.ts'

/** One group of bars: a figure of a measure, a bar a contender. */
export interface Panel { title: string, outcome: Outcome, figure: string }

const WIDTH = 760
const LABELS = 250
const BARS = 400
const BAR_HEIGHT = 18
const ROW = 26
const TITLE = 34
const GAP = 14

/** GitHub shows the one that fits its theme: text and bars have a contrast of at least 4.5 on its background. */
const themes = {
  light: { text: '#1f2328', ours: '#0969da', other: '#6e7781' },
  dark: { text: '#e6edf3', ours: '#58a6ff', other: '#8b949e' },
}
export type Theme = keyof typeof themes

/** Bars, longer is better; the first contender of each panel is ours. The background is the page's. */
export function barChart(panels: Panel[], theme: Theme): string {
  const { text, ours, other } = themes[theme]
  const parts: string[] = []
  const says: string[] = []
  let y = 0
  for (const { title, outcome, figure } of panels) {
    const bars = Object.entries(outcome.rounds).flatMap(([name, rounds]) => {
      const value = medians(rounds)[figure]
      return value === undefined ? [] : [{ name, value }]
    })
    const most = Math.max(...bars.map(({ value }) => value))
    says.push(`${title}: ${bars.map(({ name, value }) => `${name} ${shown(value)}`).join(', ')}`)
    parts.push(`<text x="0" y="${y + 20}" font-weight="600" fill="${text}">${escaped(title)}</text>`)
    y += TITLE
    for (const [i, { name, value }] of bars.entries()) {
      const length = Math.max(1, Math.round(value / most * BARS))
      parts.push(
        `<text x="${LABELS - 10}" y="${y + 14}" text-anchor="end" fill="${text}">${escaped(name)}</text>`,
        `<rect x="${LABELS}" y="${y}" width="${length}" height="${BAR_HEIGHT}" rx="2" fill="${i === 0 ? ours : other}"/>`,
        `<text x="${LABELS + length + 8}" y="${y + 14}" fill="${text}">${shown(value)}</text>`,
      )
      y += ROW
    }
    y += GAP
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}" role="img" font-family="system-ui, sans-serif" font-size="14">`,
    `<title>${escaped(says.join('. '))}</title>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
