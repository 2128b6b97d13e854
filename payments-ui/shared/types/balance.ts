export interface Balance {
  /** A decimal string with the currency's number of decimals, never a number. */
  balance: string
  /** ISO 4217. */
  currency: string
}
