import type { PaymentDetail } from '#shared/types/payment-detail'
import type { Refund, RefundDetail } from '#shared/types/refund'
import { formatMoney } from './format-money'
import { formatElapsed, formatExactTime } from './format-time'
import { isStuck } from './payment-status-look'

/** The newest refunds that have a step each: a payment can have hundreds. */
const MAX_REFUND_STEPS = 3

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

/** What has happened to a payment or a refund, in order, and what it is waiting for. */
export function paymentTimeline(payment: PaymentDetail | RefundDetail, timeZone: string): PaymentTimeline {
  const steps: TimelineStep[] = [
    { title: 'Created', detail: 'With its job, in one transaction', time: payment.createdAt, state: 'done' },
    ...attemptSteps(payment, timeZone),
    ...resultSteps(payment),
    ...entrySteps(payment),
  ]
  const { reconciliation, entries, createdAt } = payment
  return {
    steps: [
      ...steps.map((step, index) => {
        const before = steps[index - 1]?.time
        return step.time && before
          ? { ...step, elapsed: `+${formatElapsed(msBetween(before, step.time))}` }
          : step
      }),
      ...'refunds' in payment ? refundSteps(payment) : [],
    ],
    settledIn: reconciliation && formatElapsed(msBetween(createdAt, entries[0]?.createdAt ?? reconciliation.createdAt)),
  }
}

function msBetween(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from)) // the API's clock and the database's may differ
}

function attemptSteps({ status, job }: PaymentDetail | RefundDetail, timeZone: string): TimelineStep[] {
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

function resultSteps({ status, outcome, reconciliation }: PaymentDetail | RefundDetail): TimelineStep[] {
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

function entrySteps({ entries }: PaymentDetail | RefundDetail): TimelineStep[] {
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

/** Refunds in the order in which they settle: those that wait come last. */
function refundSteps({ refunds, moreRefunds }: PaymentDetail): TimelineStep[] {
  const settled = refunds.filter(({ status }) => status !== 'pending').sort((a, b) => Date.parse(a.updatedAt) - Date.parse(b.updatedAt))
  const steps = [...settled, ...refunds.filter(({ status }) => status === 'pending').reverse()].map(refundStep)
  const hidden = Math.max(0, steps.length - MAX_REFUND_STEPS)
  return hidden > 0
    ? [{ title: `${hidden}${moreRefunds ? ' or more' : ''} earlier ${hidden === 1 && !moreRefunds ? 'refund' : 'refunds'}`, time: null, state: 'done' }, ...steps.slice(hidden)]
    : steps
}

function refundStep(refund: Refund): TimelineStep {
  const amount = formatMoney(refund.amount, refund.currency)
  const detail = refund.reason || undefined
  if (isStuck(refund))
    return { title: `Refund of ${amount}: the worker gave up`, detail, time: null, state: 'failed' }
  return refund.status === 'pending'
    ? { title: `Refund of ${amount} waits for a worker`, detail, time: null, state: 'waiting' }
    : { title: `Refunded ${amount}`, detail, time: refund.updatedAt, state: 'done' }
}
