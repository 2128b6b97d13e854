/** Whether this is the id of a customer's account, which payments can name; not a settlement account such as settlement:USD:2. */
export function isAccountId(text: string): boolean {
  return /^[A-Z0-9][\w.-]{0,63}$/i.test(text)
}
