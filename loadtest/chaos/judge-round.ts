import type { RoundAudit } from './audit-round.ts'
import type { RoundPlan } from './schedule.ts'
import type { Strike } from './seeded-fault.ts'
import { countErrors } from '../auditor/chaos/check-round.ts'

export interface RoundResult {
  round: number
  faults: Strike[]
  /** When the faults struck. */
  at: string
  heldMs: number
  /** From the end of the faults until the first payment made after it had settled; null if none did. */
  recoveryMs: number | null
  recoveryGoalMs: number
  /** `late`: nothing is wrong, but the recovery took longer than its goal. */
  verdict: 'ok' | 'late' | 'red'
  findings: string[]
  requests: number
  /** What callers met besides success, with how often. */
  errors: Record<string, number>
  payments: number
  lost: number
  duplicated: number
  centsOff: string
}

/** What the runner itself observed of a round. */
export interface Observed {
  strikes: Strike[]
  at: Date
  heldMs: number
  recoveryMs: number | null
  /** Parts that were not healthy again in time. */
  unhealthy: string[]
}

/** Adds what the runner observed to the audit's findings, and sums up the round. */
export function judgeRound({ round, faults }: RoundPlan, { strikes, at, heldMs, recoveryMs, unhealthy }: Observed, { findings, journal, payments, lost, duplicated, centsOff }: RoundAudit): RoundResult {
  const ofCallers = journal.exchanges.filter(({ purpose }) => !['probe', 'reveal', 'page'].includes(purpose))
  const errors = countErrors(ofCallers)
  const refundsMayWait = faults.some(({ fault }) => fault.excuses?.includes('refunds-wait'))
  if (faults.every(({ fault }) => !fault.callersMaySeeErrors))
    Object.entries(countErrors(ofCallers.filter(({ refund }) => !(refund && refundsMayWait)))).forEach(([error, count]) => findings.add('errors that callers saw although the fault must be invisible', `${count} × ${error}`))
  if (strikes.every(({ failed }) => failed !== undefined))
    findings.add('rounds in which no fault could start', strikes.map(({ name, failed }) => `${name}: ${failed}`).join('; '))
  if (recoveryMs === null)
    findings.add('systems that did not recover', 'no payment made after the fault settled within 60 s')
  unhealthy.forEach(part => findings.add('parts that did not become healthy within 60 s', part))
  const recoveryGoalMs = Math.max(...faults.map(({ fault }) => fault.recoveryGoalMs))
  return {
    round,
    faults: strikes,
    at: at.toISOString(),
    heldMs,
    recoveryMs,
    recoveryGoalMs,
    verdict: findings.lines.length > 0 ? 'red' : recoveryMs! > recoveryGoalMs ? 'late' : 'ok',
    findings: findings.lines,
    requests: ofCallers.length,
    errors,
    payments,
    lost,
    duplicated,
    centsOff: String(centsOff),
  }
}
