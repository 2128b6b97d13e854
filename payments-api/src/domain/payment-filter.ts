import type { Instant } from './instant.ts'
import type { Outcome, PaymentStatus, ResultStatus } from './payment.ts'
import { firstMillisecondFrom } from './instant.ts'
import { currencyDigits } from './money.ts'
import { RESULTS_BY_OUTCOME, RESULTS_BY_STATUS } from './payment.ts'

/** In ten-thousandths: the unit of a currency, and the fraction of an amount with a discrepancy. */
const UNIT = 10_000n
const IN_DISPUTE = 1_300n
/** Greater than any amount. */
const BEYOND = 10n ** 30n

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
  /** The same for the amount without its sign; never negative. */
  absoluteAmountFrom?: string | undefined
  absoluteAmountTo?: string | undefined
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
  const { from, to, jobDead } = filter
  const results = resultsOf(filter)
  const amounts = matchingAmounts(filter)
  return (jobDead === true && results !== undefined)
    || (results !== undefined && !results.some(result => mayHaveResult(amounts, filter.currency, result)))
    || (isEmpty(amounts.positive) && isEmpty(amounts.other))
    || (from !== undefined && to !== undefined && firstMillisecondFrom(from) >= firstMillisecondFrom(to))
}

/** Whether the worker's rules can give this result to a payment of such an amount: recon-worker's reconcile.ts. */
function mayHaveResult({ positive: { least, most }, other }: Amounts, currency: string | undefined, result: ResultStatus): boolean {
  if (result === 'failed')
    return !isEmpty(other)
  if (result === 'completed')
    return least <= most
  const leastWithDiscrepancy = least + (IN_DISPUTE + UNIT - least % UNIT) % UNIT
  const hasFraction = currency === undefined || currencyDigits(currency) !== 0
  return hasFraction && leastWithDiscrepancy <= most
}

/** In ten-thousandths. Includes both ends. */
interface Range { least: bigint, most: bigint }

function isEmpty({ least, most }: Range): boolean {
  return least > most
}

/** The amounts that match: those above zero, and all others. */
interface Amounts { positive: Range, other: Range }

function matchingAmounts(filter: PaymentFilter): Amounts {
  const [from, to] = [tenThousandths(filter.amountFrom) ?? -BEYOND, tenThousandths(filter.amountTo) ?? BEYOND]
  const [absoluteFrom, absoluteTo] = [tenThousandths(filter.absoluteAmountFrom) ?? 0n, tenThousandths(filter.absoluteAmountTo) ?? BEYOND]
  return {
    positive: { least: greatest(1n, from, absoluteFrom), most: smallest(to, absoluteTo) },
    other: { least: greatest(from, -absoluteTo), most: smallest(0n, to, -absoluteFrom) },
  }
}

function greatest(...of: bigint[]): bigint {
  return of.reduce((a, b) => a > b ? a : b)
}

function smallest(...of: bigint[]): bigint {
  return of.reduce((a, b) => a < b ? a : b)
}

function tenThousandths(decimal: string | undefined): bigint | undefined {
  if (decimal === undefined)
    return undefined
  const [whole, fraction = ''] = decimal.split('.')
  return BigInt(whole + fraction.padEnd(4, '0'))
}
