import type { LocationQuery } from 'vue-router'
import { paymentStatusLook } from './payment-status-look'

/** What the list of payments can be narrowed by: names of the page's address, and texts as they were typed. */
export const paymentFilterNames = [
  'accountId',
  'status',
  'outcome',
  'currency',
  'from',
  'to',
  'amountFrom',
  'amountTo',
] as const
export type PaymentFilterName = typeof paymentFilterNames[number]

/** Filters that are set; `from` and `to` are days (UTC) such as 2026-11-23, and both belong to the range. */
export type PaymentFilters = Partial<Record<PaymentFilterName, string>>

const DAY = /^\d{4}-\d{2}-\d{2}$/
const DAY_MS = 86_400_000

/** The filters in a page's address. What is not one of them is left out. */
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

/** The filters with one changed; an empty text takes it away. */
export function withFilter(filters: PaymentFilters, name: PaymentFilterName, value: string): PaymentFilters {
  const { [name]: _, ...others } = filters
  const text = value.trim()
  return text
    ? { ...others, [name]: text }
    : others
}

/** The filters as GET /payments takes them: days become instants. A day that is none is passed on for the API to refuse. */
export function apiQueryOf({ from, to, ...others }: PaymentFilters): Record<string, string> {
  return {
    ...others,
    ...(from && { from: startOfDay(from) }),
    ...(to && { to: startOfDay(to, 1) }),
  }
}

function startOfDay(day: string, later = 0): string {
  const ms = DAY.test(day)
    ? Date.parse(`${day}T00:00:00Z`)
    : Number.NaN
  return Number.isNaN(ms)
    ? day
    : new Date(ms + later * DAY_MS).toISOString()
}

/** A filter in words, for the mark that takes it away. */
export function describeFilter(name: PaymentFilterName, value: string): string {
  switch (name) {
    case 'accountId': return `Account ${value}`
    case 'status': return paymentStatusLook(value).label
    case 'outcome': return `Outcome: ${outcomeLabel(value)}`
    case 'currency': return value
    case 'from': return `From ${value}`
    case 'to': return `Until ${value}`
    case 'amountFrom': return `At least ${value}`
    case 'amountTo': return `At most ${value}`
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

/** A payment's id, as a person pastes it: then the search is for that payment and not for an account. */
export function isPaymentId(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text.trim())
}
