/** Whether this is a customer's account, which has a page; the ledger's own accounts, such as settlement:USD:2, have none. */
export function isAccountId(text: string): boolean {
  return /^[A-Z0-9][\w.-]{0,63}$/i.test(text)
}
