import type { Machine } from './describe-machine.ts'
import type { Figures, Goal, MeasureOutcome } from './measure.ts'
import { formatFigure, judgeGoals, medians } from './figures.ts'

interface Results {
  machine: Machine
  command: string
  startedAt: Date
  minutes: number
  outcomes: MeasureOutcome[]
}

/** RESULTS.md: the goals and whether they were met, then each measure's medians, then every round. */
export function resultsPage({ machine, command, startedAt, minutes, outcomes }: Results): string {
  return [
    '# Results',
    '',
    `Written by \`${command}\` on ${startedAt.toISOString().slice(0, 10)}, in ${minutes} minutes. Ratios carry over to other machines, absolute figures do not.`,
    '',
    table(['', ''], Object.entries(machine)),
    '',
    goalsTable(outcomes),
    ...outcomes.flatMap(outcome => ['', ...section(outcome)]),
    '',
    '## Every round',
    ...outcomes.flatMap(outcome => ['', `**${outcome.measure.title}**`, '', roundsTable(outcome)]),
    '',
  ].join('\n')
}

/** The goals with the measured values, for RESULTS.md and the terminal. */
export function goalsTable(outcomes: MeasureOutcome[]): string {
  const rows = outcomes.flatMap(judgeGoals).map(({ goal, value, met }) => [goal.what, bound(goal), formatFigure(value), met ? 'yes' : '**no**'])
  return rows.length === 0 ? '' : table(['goal', 'target', 'measured', 'met'], rows)
}

function section(outcome: MeasureOutcome): string[] {
  const { measure, notes } = outcome
  return [`## ${measure.title}`, '', measure.how, '', mediansTable(outcome), ...notes.flatMap(note => ['', note])]
}

/** One row per figure, one column per contender: the median, and in brackets its ratio to the first contender's. */
export function mediansTable({ rounds }: MeasureOutcome): string {
  const contenders = Object.keys(rounds)
  const all = contenders.map(name => medians(rounds[name]!))
  const cell = (figures: Figures, figure: string, first: number | undefined): string => {
    const value = figures[figure]
    if (value === undefined)
      return ''
    return figures === all[0] || !first ? formatFigure(value) : `${formatFigure(value)} (${(value / first).toFixed(2)})`
  }
  const names = [...new Set(all.flatMap(Object.keys))]
  return table(['median', ...contenders], names.map(name => [name, ...all.map(figures => cell(figures, name, all[0]![name]))]))
}

function roundsTable({ rounds }: MeasureOutcome): string {
  const most = Math.max(...Object.values(rounds).map(each => each.length))
  const rows = Object.entries(rounds).flatMap(([contender, each]) => Object.keys(each[0]!).map(figure => [
    contender,
    figure,
    ...each.map(figures => formatFigure(figures[figure]!)),
  ]))
  return table(['', 'figure', ...Array.from({ length: most }, (_, i) => `round ${i + 1}`)], rows)
}

function bound({ atLeast, atMost }: Goal): string {
  return atLeast === undefined ? `<= ${atMost!.toLocaleString('en')}` : `>= ${atLeast.toLocaleString('en')}`
}

function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}
