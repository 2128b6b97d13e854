import type { Fault } from '../faults/fault.ts'
import type { RoundResult } from './judge-round.ts'

/** What the rounds with one fault measured. A round with two faults counts for both. */
export interface FaultSummary {
  fault: string
  description: string
  rounds: number
  /** Rounds in which another fault struck too. */
  combined: number
  /** Milliseconds; null if no round recovered. */
  recoveryP50Ms: number | null
  recoveryMaxMs: number | null
  recoveryGoalMs: number
  /** Requests of callers that met an error. */
  errors: number
  payments: number
  lost: number
  duplicated: number
  centsOff: number
  red: number
  late: number
}

/** Summarizes the rounds by fault, in the order of `faults`. Leaves out faults that never struck. */
export function summarizeFaults(results: RoundResult[], faults: readonly Fault[]): FaultSummary[] {
  return faults.flatMap(({ name, description, recoveryGoalMs }) => {
    const rounds = results.filter(({ faults }) => faults.some(fault => fault.name === name))
    if (rounds.length === 0)
      return []
    const recoveries = rounds.flatMap(({ recoveryMs }) => recoveryMs ?? []).sort((a, b) => a - b)
    const sum = (of: (round: RoundResult) => number): number => rounds.reduce((sum, round) => sum + of(round), 0)
    return {
      fault: name,
      description,
      rounds: rounds.length,
      combined: rounds.filter(({ faults }) => faults.length > 1).length,
      recoveryP50Ms: recoveries[Math.floor((recoveries.length - 1) / 2)] ?? null,
      recoveryMaxMs: recoveries.at(-1) ?? null,
      recoveryGoalMs,
      errors: sum(({ errors }) => Object.values(errors).reduce((sum, count) => sum + count, 0)),
      payments: sum(({ payments }) => payments),
      lost: sum(({ lost }) => lost),
      duplicated: sum(({ duplicated }) => duplicated),
      centsOff: sum(({ centsOff }) => Number(centsOff)),
      red: rounds.filter(({ verdict }) => verdict === 'red').length,
      late: rounds.filter(({ verdict }) => verdict === 'late').length,
    }
  })
}
