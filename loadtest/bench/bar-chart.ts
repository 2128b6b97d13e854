import type { MeasureOutcome } from './measure.ts'
import { formatFigure, medians } from './figures.ts'

/** A group of bars for one figure of a measure, one bar per contender. */
export interface Panel { title: string, outcome: MeasureOutcome, figure: string }

const WIDTH = 760
const LABEL_WIDTH = 250
const MAX_BAR_WIDTH = 400
const BAR_HEIGHT = 18
const ROW_HEIGHT = 26
const TITLE_HEIGHT = 34
const PANEL_GAP = 14

/** GitHub shows the chart that matches its theme. Text and bars have a contrast of at least 4.5:1 to its background. */
const themes = {
  light: { text: '#1f2328', ours: '#0969da', other: '#6e7781' },
  dark: { text: '#e6edf3', ours: '#58a6ff', other: '#8b949e' },
}
type Theme = keyof typeof themes

/** Draws an SVG bar chart with a transparent background. Longer bars are better; the first contender of each panel is ours. */
export function barChart(panels: Panel[], theme: Theme): string {
  const { text, ours, other } = themes[theme]
  const parts: string[] = []
  const sentences: string[] = []
  let y = 0
  for (const { title, outcome, figure } of panels) {
    const bars = Object.entries(outcome.rounds).flatMap(([name, rounds]) => {
      const value = medians(rounds)[figure]
      return value === undefined ? [] : [{ name, value }]
    })
    const most = Math.max(...bars.map(({ value }) => value))
    sentences.push(`${title}: ${bars.map(({ name, value }) => `${name} ${formatFigure(value)}`).join(', ')}`)
    parts.push(`<text x="0" y="${y + 20}" font-weight="600" fill="${text}">${escaped(title)}</text>`)
    y += TITLE_HEIGHT
    for (const [i, { name, value }] of bars.entries()) {
      const length = Math.max(1, Math.round(value / most * MAX_BAR_WIDTH))
      parts.push(
        `<text x="${LABEL_WIDTH - 10}" y="${y + 14}" text-anchor="end" fill="${text}">${escaped(name)}</text>`,
        `<rect x="${LABEL_WIDTH}" y="${y}" width="${length}" height="${BAR_HEIGHT}" rx="2" fill="${i === 0 ? ours : other}"/>`,
        `<text x="${LABEL_WIDTH + length + 8}" y="${y + 14}" fill="${text}">${formatFigure(value)}</text>`,
      )
      y += ROW_HEIGHT
    }
    y += PANEL_GAP
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}" role="img" font-family="system-ui, sans-serif" font-size="14">`,
    `<title>${escaped(sentences.join('. '))}</title>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
