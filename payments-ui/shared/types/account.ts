export interface Account {
  id: string
  /** ISO 4217. */
  currency: string
  /** A decimal string, never a number. */
  balance: string
  entryCount: number
  /** ISO 8601, UTC. */
  updatedAt: string
}

export interface AccountPage {
  /** Ordered by id. */
  accounts: Account[]
  /** Opaque; null on the last page. */
  nextCursor: string | null
}

export interface LedgerEntry {
  paymentId: string
  /** The refund of the payment that the entry belongs to; null for the payment's own. */
  refundId: string | null
  entryType: string
  accountId: string
  currency: string
  /** Decimal strings. */
  amount: string
  balanceAfter: string
  /** Numbers an account's entries, without gaps. */
  accountVersion: number
  createdAt: string
}

export interface LedgerEntryPage {
  /** Newest first. */
  entries: LedgerEntry[]
  /** Opaque; null on the last page. */
  nextCursor: string | null
}

/** An account's balance after one of its entries. */
export interface BalanceAfter {
  accountVersion: number
  /** A decimal string. */
  balance: string
  createdAt: string
}

export interface BalanceHistory {
  /** Oldest first. A long history leaves entries out, evenly. */
  points: BalanceAfter[]
}
