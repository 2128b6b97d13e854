/** Whether this is the id of a customer's account. Settlement accounts, such as settlement:USD:2, have no page. */
export function isAccountId(text: string): boolean {
  return /^[A-Z0-9][\w.-]{0,63}$/i.test(text)
}
