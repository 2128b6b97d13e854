/** An account id takes up to 67 bytes of JSON, and Postgres allows payloads of up to 7,999 bytes. */
const MAX_ACCOUNTS = 100

/** The accounts of payments that were accepted. Undefined when they are unknown or more than 100: then it can be any account. */
export type ArrivedAccounts = ReadonlySet<string> | undefined

/** The accounts of no payment. */
export const NO_ACCOUNTS: ArrivedAccounts = new Set()

/** Joins the accounts of two groups of payments. */
export function joinArrivals(some: ArrivedAccounts, others: ArrivedAccounts): ArrivedAccounts {
  const joined = some && others?.union(some)
  return joined && joined.size <= MAX_ACCOUNTS
    ? joined
    : undefined
}

/** The payload of a notification on recon_jobs. Empty if the accounts are unknown, as older processes send it. */
export function arrivalsPayload(accounts: ArrivedAccounts): string {
  return accounts === undefined
    ? ''
    : JSON.stringify([...accounts])
}

/** Parses that payload. Returns undefined for one that names no accounts, or that this version does not understand. */
export function parseArrivals(payload: string): ArrivedAccounts {
  try {
    const accounts: unknown = JSON.parse(payload)
    return Array.isArray(accounts) && accounts.every(account => typeof account === 'string')
      ? new Set(accounts)
      : undefined
  }
  catch {
    return undefined
  }
}
