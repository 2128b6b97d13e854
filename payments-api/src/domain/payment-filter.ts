import type { Instant } from './instant.ts'
import type { Outcome, PaymentStatus, ResultStatus } from './payment.ts'
import { firstMillisecondFrom } from './instant.ts'
import { currencyDigits } from './money.ts'
import { RESULTS_BY_OUTCOME, RESULTS_BY_STATUS } from './payment.ts'

/** In ten-thousandths: the unit of a currency, and the fraction of an amount with a discrepancy. */
const UNIT = 10_000n
const IN_DISPUTE = 1_300n

/** The filters of a list of payments. A payment must match all that are set. */
export interface PaymentFilter {
  status?: PaymentStatus | undefined
  /** Only payments whose job is dead. They are pending. */
  jobDead?: true | undefined
  outcome?: Outcome | undefined
  accountId?: string | undefined
  currency?: string | undefined
  /** A caller has at most one payment with a key. */
  idempotencyKey?: { caller: string, key: string } | undefined
  /** Decimal strings with at most four decimals; the range includes both ends. */
  amountFrom?: string | undefined
  amountTo?: string | undefined
  /** Accepted at or after `from`, and before `to`. */
  from?: Instant | undefined
  to?: Instant | undefined
}

/** The results that match both status and outcome. Undefined if neither restricts the result: neither is set, or status is pending. */
export function resultsOf({ status, outcome }: PaymentFilter): ResultStatus[] | undefined {
  if (outcome !== undefined)
    return [RESULTS_BY_OUTCOME[outcome]].filter(result => status === undefined || RESULTS_BY_STATUS[status].includes(result))
  return status === undefined || RESULTS_BY_STATUS[status].length === 0 ? undefined : [...RESULTS_BY_STATUS[status]]
}

/** Whether the filters contradict each other, or the rules by which payments settle, so that no payment can match. */
export function matchesNothing(filter: PaymentFilter): boolean {
  const { amountFrom, amountTo, from, to, jobDead } = filter
  const results = resultsOf(filter)
  return (jobDead === true && results !== undefined)
    || (results !== undefined && !results.some(result => mayHaveResult(filter, result)))
    || (amountFrom !== undefined && amountTo !== undefined && tenThousandths(amountFrom) > tenThousandths(amountTo))
    || (from !== undefined && to !== undefined && firstMillisecondFrom(from) >= firstMillisecondFrom(to))
}

/** Whether the worker's rules can give this result to a payment of such an amount: recon-worker's reconcile.ts. */
function mayHaveResult({ amountFrom, amountTo, currency }: PaymentFilter, result: ResultStatus): boolean {
  const from = amountFrom === undefined ? undefined : tenThousandths(amountFrom)
  const to = amountTo === undefined ? undefined : tenThousandths(amountTo)
  if (result === 'failed')
    return from === undefined || from <= 0n
  const smallest = from === undefined || from <= 0n ? 1n : from
  if (result === 'completed')
    return to === undefined || smallest <= to
  const smallestWithDiscrepancy = smallest + (IN_DISPUTE + UNIT - smallest % UNIT) % UNIT
  const hasFraction = currency === undefined || currencyDigits(currency) !== 0
  return hasFraction && (to === undefined || smallestWithDiscrepancy <= to)
}

function tenThousandths(decimal: string): bigint {
  const [whole, fraction = ''] = decimal.split('.')
  return BigInt(whole + fraction.padEnd(4, '0'))
}
