export interface Balance {
  /** A decimal string with the currency's own number of digits. Never a number. */
  balance: string
  /** ISO 4217. */
  currency: string
}
