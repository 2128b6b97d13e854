import type { Payment } from '#shared/types/payment'

/** How many decimals the amounts of the load have. */
const DECIMALS = 2

/** Writes cents as a decimal string: 5n gives "0.05". */
export function fromCents(cents: bigint): string {
  const digits = String(cents).padStart(DECIMALS + 1, '0')
  return `${digits.slice(0, -DECIMALS)}.${digits.slice(-DECIMALS)}`
}

/** Reads a decimal string with two decimals as cents; null if it is not one. */
export function toCents(amount: string): bigint | null {
  const match = /^(\d+)\.(\d{2})$/.exec(amount)
  return match ? BigInt(match[1]! + match[2]!) : null
}

/** The amount of the load's nth payment, from 0.01 to 9.99. Leaves out .13, which reconciliation would dispute. */
export function loadAmount(n: number): string {
  const cents = n * 97 % 999 + 1
  return fromCents(BigInt(cents % 100 === 13 ? cents + 1 : cents))
}

export interface LoadCheck {
  settled: number
  /** Accepted, but the API does not list them. */
  lost: number
  /** Listed, although no response said that they were accepted and no request went without a response. */
  surplus: number
  /** The sum of the accepted payments, and the balance of their account; both decimal strings. */
  sum: string
  balance: string
  /** Every accepted payment is there once and has settled, and the balance is their sum. */
  exact: boolean
}

/**
 * Compares what a load was told with what the API has.
 *
 * @param accepted the amounts of the payments that were accepted, by id
 * @param listed all payments of the load's account
 * @param balance that account's balance
 * @param unanswered requests that got no response: each may have made one payment, whose amount counts if it is listed
 */
export function checkLoad(accepted: ReadonlyMap<string, string>, listed: readonly Payment[], balance: string, unanswered: number): LoadCheck {
  const byId = new Map(listed.map(payment => [payment.id, payment]))
  const unknown = listed.filter(({ id }) => !accepted.has(id))
  const lost = [...accepted].filter(([id, amount]) => byId.get(id)?.amount !== amount).length
  const settled = [...accepted.keys()].filter(id => byId.get(id)?.status === 'completed').length
  const surplus = Math.max(0, unknown.length - unanswered)
  const sum = [...accepted.values(), ...unknown.map(({ amount }) => amount)].reduce((cents, amount) => cents + (toCents(amount) ?? 0n), 0n)
  return {
    settled,
    lost,
    surplus,
    sum: fromCents(sum),
    balance,
    exact: lost === 0 && surplus === 0 && settled === accepted.size && toCents(balance) === sum,
  }
}
