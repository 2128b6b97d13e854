import type { LocationQuery } from 'vue-router'
import type { Clock } from './format-time'
import { amountQuery, amountRange, describeAmountRange } from './amount-range'
import { DAY_MS, dayOf, isDay, periodQuery } from './calendar-days'
import { paymentStatusLook } from './payment-status-look'

/** The filters of the payment list, by their names in the URL. Values are texts as typed. */
export const paymentFilterNames = [
  'accountId',
  'idempotencyKey',
  'status',
  'jobDead',
  'outcome',
  'currency',
  'from',
  'to',
  'amount',
] as const
export type PaymentFilterName = typeof paymentFilterNames[number]

/**
 * The active filters. `from` and `to` are days in the reader's time zone, such as 2026-11-23, both inclusive. `amount` is a range
 * as typed: see AmountRange.
 */
export type PaymentFilters = Partial<Record<PaymentFilterName, string>>

/** Reads the filters from a URL's query and ignores everything else. */
export function filtersFromQuery(query: LocationQuery): PaymentFilters {
  return Object.fromEntries(paymentFilterNames.flatMap((name) => {
    const value = [query[name]].flat()[0]?.trim()
    return value
      ? [
          [name, value],
        ]
      : []
  }))
}

/** Returns the filters with one changed; an empty value removes it. */
export function withFilter(filters: PaymentFilters, name: PaymentFilterName, value: string): PaymentFilters {
  const { [name]: _, ...others } = filters
  const text = value.trim()
  return text
    ? { ...others, [name]: text }
    : others
}

/** Returns the query of GET /payments: days become instants. What is invalid is passed on, for the API to refuse. */
export function apiQueryOf({ from, to, amount, ...others }: PaymentFilters, timeZone: string): Record<string, string> {
  return {
    ...others,
    ...periodQuery({ from, to }, timeZone),
    ...(amount && amountQuery(amount)),
  }
}

/** What is wrong with the filters, in words. The API refuses these too, but in terms of instants, which nobody has typed. */
export function filterErrors({ from, to, amount }: PaymentFilters): Partial<Record<PaymentFilterName, string>> {
  const wrong = (day: string | undefined) => day !== undefined && !isDay(day)
  return {
    ...(wrong(from) && { from: 'is not a day of the calendar' }),
    ...(wrong(to) && { to: 'is not a day of the calendar' }),
    ...(amount && !amountRange(amount) && { amount: 'must be an amount such as 100, a range such as 100..200, or >100' }),
  }
}

/** Describes a filter, for the button that removes it. */
export function describeFilter(name: PaymentFilterName, value: string): string {
  switch (name) {
    case 'accountId': return `Account ${value}`
    case 'idempotencyKey': return `Key ${value}`
    case 'status': return paymentStatusLook(value).label
    case 'jobDead': return 'Stuck'
    case 'outcome': return `Outcome: ${outcomeLabel(value)}`
    case 'currency': return value
    case 'from': return `From ${value}`
    case 'to': return `To ${value}`
    case 'amount': return describeAmountRange(value)
  }
}

const OUTCOMES: Record<string, string> = {
  matched: 'Matched',
  discrepancy: 'Discrepancy',
  failed: 'Failed',
}

export function outcomeLabel(outcome: string): string {
  return Object.hasOwn(OUTCOMES, outcome)
    ? OUTCOMES[outcome]!
    : outcome
}

/** Whether a search text is a payment id rather than an account. */
export function isPaymentId(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text.trim())
}

/** The periods that are one click away, in days of the reader like the filters `from` and `to`. */
export function quickPeriods({ nowMs, timeZone }: Clock): { label: string, filters: PaymentFilters }[] {
  const today = Date.parse(dayOf(nowMs, timeZone))
  const day = (daysAgo: number) => dayOf(today - daysAgo * DAY_MS)
  return [
    { label: 'Today', filters: { from: day(0), to: day(0) } },
    { label: 'Yesterday', filters: { from: day(1), to: day(1) } },
    { label: '7 days', filters: { from: day(6), to: day(0) } },
  ]
}
