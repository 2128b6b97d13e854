/** The dead jobs with one error. */
export interface DeadJobGroup {
  /** May be empty. */
  error: string
  jobs: number
  /** The sums of their payments, by currency, as decimal strings. */
  amounts: { currency: string, amount: string }[]
  accounts: number
  /** Some of the accounts. */
  accountIds: string[]
  newestPaymentId: string
  /** The refund that the newest job settles; null if it settles the payment. */
  newestRefundId: string | null
}

/** What GET /recon-jobs/errors returns. */
export interface DeadJobGroups {
  /** The largest first. */
  groups: DeadJobGroup[]
}
