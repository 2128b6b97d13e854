export interface Account {
  id: string
  /** ISO 4217. */
  currency: string
  /** A decimal string. Never a number. */
  balance: string
  entryCount: number
  /** ISO 8601, UTC. */
  updatedAt: string
}

export interface AccountPage {
  /** In the order of their ids. */
  accounts: Account[]
  /** Opaque; null on the last page. */
  nextCursor: string | null
}

export interface LedgerEntry {
  paymentId: string
  entryType: string
  accountId: string
  currency: string
  /** Decimal strings. */
  amount: string
  balanceAfter: string
  /** Numbers the entries of an account, without a gap. */
  accountVersion: number
  createdAt: string
}

export interface LedgerEntryPage {
  /** Newest first. */
  entries: LedgerEntry[]
  /** Opaque; null on the last page. */
  nextCursor: string | null
}
