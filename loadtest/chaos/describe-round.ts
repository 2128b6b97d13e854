import type { RoundResult } from './judge-round.ts'
import type { Strike } from './seeded-fault.ts'
import { styleText } from 'node:util'
import { duration } from '../../compose/src/verb.ts'

const MAX_LINES = 16
const MAX_WIDTH = 240

/** `kill-worker: worker-2`. */
export function nameStrike({ name, targets }: Strike): string {
  return targets.length > 0 ? `${name}: ${targets.join(', ')}` : name
}

/** `17:03:12  kill-worker: worker-2`, or both faults of a pair. */
export function describeStrike(round: number, at: Date, faults: Strike[]): string {
  return `round ${String(round).padEnd(3)} ${at.toTimeString().slice(0, 8)}  ${faults.map(nameStrike).join(' + ').padEnd(44)}`
}

/** What became of a round, in one line; below it, what is wrong. */
export function describeResult(result: RoundResult): string {
  const { verdict, faults, heldMs, recoveryMs, recoveryGoalMs, requests, findings } = result
  const word = { ok: styleText('green', 'ok    '), late: styleText('yellow', 'late  '), red: styleText('red', 'RED   ') }[verdict]
  const recovery = recoveryMs === null ? 'did not recover' : `settled again after ${duration(recoveryMs)}${verdict === 'late' ? ` (goal: ${duration(recoveryGoalMs)})` : ''}`
  const held = heldMs >= 1_000 ? `held ${duration(heldMs)}, ` : ''
  const failed = faults.filter(({ failed }) => failed !== undefined).map(({ name, failed }) => `${name} could not start: ${failed}`)
  return [`${word} ${held}${recovery}; callers: ${requests.toLocaleString('en')} requests, ${describeErrors(result)}`, ...indented([...failed, ...findings])].join('\n')
}

/** The first lines for a terminal, each cut to a width that is still readable; the report has all of them. */
export function indented(lines: string[]): string[] {
  const shown = lines.slice(0, MAX_LINES).map(line => line.length > MAX_WIDTH ? `${line.slice(0, MAX_WIDTH - 1)}…` : line)
  return [...shown, ...lines.length > MAX_LINES ? [`and ${lines.length - MAX_LINES} more lines`] : []].map(line => `  | ${line}`)
}

/** `no errors`, or `3 errors (2 × ECONNRESET, 1 × 503 unavailable)`. */
export function describeErrors({ errors }: Pick<RoundResult, 'errors'>): string {
  const kinds = Object.entries(errors).sort(([, a], [, b]) => b - a)
  const total = kinds.reduce((sum, [, count]) => sum + count, 0)
  return total === 0 ? 'no errors' : `${total.toLocaleString('en')} error${total === 1 ? '' : 's'} (${kinds.map(([kind, count]) => `${count.toLocaleString('en')} × ${kind}`).join(', ')})`
}
