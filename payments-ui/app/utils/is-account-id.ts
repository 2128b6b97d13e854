/** Whether this is the id of a customer's account, which payments can name; not a settlement account such as settlement:USD:2. */
export function isAccountId(text: string): boolean {
  return /^[A-Z0-9][\w.-]{0,63}$/i.test(text)
}

/** Whether this is the whole name of a settlement account, such as settlement:USD:2. */
export function isSettlementAccountId(text: string): boolean {
  return /^settlement:[A-Z]{3}:\d{1,3}$/.test(text)
}
