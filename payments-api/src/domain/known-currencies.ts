/** Most accounts to remember, about 15 MB. */
const MAX_KNOWN_ACCOUNTS = 100_000

export interface KnownCurrencies {
  get: (accountId: string) => string | undefined
  remember: (accountId: string, currency: string) => void
  /** Forgets all accounts: the database may have lost some in a failover or a restore. */
  forget: () => void
}

/**
 * Remembers the currency of at most `max` accounts and forgets the oldest to make room. An account never changes its currency,
 * so an entry is stale only after the database has lost the account.
 */
export function knownCurrencies(max: number = MAX_KNOWN_ACCOUNTS): KnownCurrencies {
  const currencies = new Map<string, string>()
  // Keep one iterator: a new one walks over all deleted entries, which takes 60 µs per account instead of 4.
  const oldestFirst = currencies.keys()
  return {
    get: accountId => currencies.get(accountId),
    remember: (accountId, currency) => {
      currencies.set(accountId, currency)
      if (currencies.size > max)
        currencies.delete(oldestFirst.next().value!)
    },
    forget: () => currencies.clear(),
  }
}
