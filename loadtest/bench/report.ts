import type { Machine } from './machine.ts'
import type { Figures, Goal, Outcome } from './measure.ts'
import { judge, medians, shown } from './figures.ts'

export interface Report {
  machine: Machine
  command: string
  startedAt: Date
  minutes: number
  outcomes: Outcome[]
}

/** RESULTS.md: the goals and what came of them, then each measure's medians, then every round. */
export function resultsPage({ machine, command, startedAt, minutes, outcomes }: Report): string {
  return [
    '# Results',
    '',
    `Written by \`${command}\` on ${startedAt.toISOString().slice(0, 10)}, in ${minutes} minutes. Ratios hold from machine to machine, absolute figures do not.`,
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

/** The goals with the measured values; also what the terminal shows at the end. */
export function goalsTable(outcomes: Outcome[]): string {
  const rows = outcomes.flatMap(judge).map(({ goal, value, met }) => [goal.what, bound(goal), shown(value), met ? 'yes' : '**no**'])
  return rows.length === 0 ? '' : table(['goal', 'asked', 'measured', 'met'], rows)
}

function section(outcome: Outcome): string[] {
  const { measure, notes } = outcome
  return [`## ${measure.title}`, '', measure.how, '', mediansTable(outcome), ...notes.flatMap(note => ['', note])]
}

/** A row a figure, a column a contender: the median, and in brackets its ratio to the first contender's. */
export function mediansTable({ rounds }: Outcome): string {
  const contenders = Object.keys(rounds)
  const all = contenders.map(name => medians(rounds[name]!))
  const cell = (figures: Figures, figure: string, first: number | undefined): string => {
    const value = figures[figure]
    if (value === undefined)
      return ''
    return figures === all[0] || !first ? shown(value) : `${shown(value)} (${(value / first).toFixed(2)})`
  }
  const names = [...new Set(all.flatMap(Object.keys))]
  return table(['median', ...contenders], names.map(name => [name, ...all.map(figures => cell(figures, name, all[0]![name]))]))
}

function roundsTable({ rounds }: Outcome): string {
  const most = Math.max(...Object.values(rounds).map(each => each.length))
  const rows = Object.entries(rounds).flatMap(([contender, each]) => Object.keys(each[0]!).map(figure => [
    contender,
    figure,
    ...each.map(figures => shown(figures[figure]!)),
  ]))
  return table(['', 'figure', ...Array.from({ length: most }, (_, i) => `round ${i + 1}`)], rows)
}

function bound({ atLeast, atMost }: Goal): string {
  return atLeast === undefined ? `<= ${atMost!.toLocaleString('en')}` : `>= ${atLeast.toLocaleString('en')}`
}

function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}
