import type { PaymentDetail } from '#shared/types/payment-detail'
import { formatElapsed, formatExactTime } from './format-time'

export interface TimelineStep {
  title: string
  detail?: string
  /** ISO 8601; null if the step has not happened yet. */
  time: string | null
  state: 'done' | 'waiting' | 'failed'
  /** The time since the step before, such as "+8 ms". Missing if either time is unknown. */
  elapsed?: string
}

export interface PaymentTimeline {
  steps: TimelineStep[]
  /** The time from acceptance until everything was written, such as "12 ms"; null until the payment has settled. */
  settledIn: string | null
}

/** What has happened to a payment, in order, and what it is waiting for. */
export function paymentTimeline(payment: PaymentDetail, timeZone: string): PaymentTimeline {
  const steps: TimelineStep[] = [
    { title: 'Created', detail: 'With its job, in one transaction', time: payment.createdAt, state: 'done' },
    ...attemptSteps(payment, timeZone),
    ...resultSteps(payment),
    ...entrySteps(payment),
  ]
  const { reconciliation, entries, createdAt } = payment
  return {
    steps: steps.map((step, index) => {
      const before = steps[index - 1]?.time
      return step.time && before
        ? { ...step, elapsed: `+${formatElapsed(msBetween(before, step.time))}` }
        : step
    }),
    settledIn: reconciliation && formatElapsed(msBetween(createdAt, entries[0]?.createdAt ?? reconciliation.createdAt)),
  }
}

function msBetween(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from)) // the API's clock and the database's may differ
}

function attemptSteps({ status, job }: PaymentDetail, timeZone: string): TimelineStep[] {
  if (!job)
    return [] // pruned
  const claimed: TimelineStep[] = job.lockedBy === null
    ? []
    : [
        {
          title: `Claimed by ${job.lockedBy}`,
          detail: `Attempt ${job.attempts}`,
          time: job.lockedAt,
          state: 'done',
        },
      ]
  if (job.status === 'dead') {
    return [
      ...claimed,
      {
        title: 'Gave up',
        detail: `After ${job.attempts} attempts: ${job.lastError || 'no error was recorded'}`,
        time: job.finishedAt,
        state: 'failed',
      },
    ]
  }
  if (status !== 'pending')
    return claimed
  const failedAttempt: TimelineStep[] = job.lastError === null
    ? []
    : [
        {
          title: 'The attempt failed',
          detail: job.lastError,
          time: null,
          state: 'failed',
        },
      ]
  return [
    ...claimed,
    ...failedAttempt,
    {
      title: 'Waiting for a worker',
      detail: job.attempts > 0
        ? `Not before ${formatExactTime(job.runAt, timeZone)}`
        : undefined,
      time: null,
      state: 'waiting',
    },
  ]
}

function resultSteps({ status, outcome, reconciliation }: PaymentDetail): TimelineStep[] {
  if (!reconciliation)
    return []
  const titles: Record<string, string> = {
    matched: 'Reconciled: matched',
    discrepancy: 'Reconciled with a discrepancy',
    failed: 'Failed',
  }
  return [
    {
      title: outcome !== null && Object.hasOwn(titles, outcome)
        ? titles[outcome]!
        : `Reconciled: ${outcome ?? status}`,
      detail: reconciliation.notes ?? undefined,
      time: reconciliation.createdAt,
      state: status === 'failed'
        ? 'failed'
        : 'done',
    },
  ]
}

function entrySteps({ entries }: PaymentDetail): TimelineStep[] {
  const [first] = entries
  return first
    ? [
        {
          title: 'Entries posted',
          detail: `${entries.length} in the ledger`,
          time: first.createdAt,
          state: 'done',
        },
      ]
    : []
}
