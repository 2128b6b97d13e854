/** The amount of a ledger entry as a change of its account's balance: a debit lowers it. A decimal string. */
export function signedAmount({ entryType, amount }: { entryType: string, amount: string }): string {
  return entryType === 'debit' ? `-${amount}` : amount
}
