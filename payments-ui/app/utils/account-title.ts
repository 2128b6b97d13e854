/** An account's name for people: its id, but "USD settlement account 6" for settlement:USD:6. */
export function accountTitle(id: string): string {
  const [, currency, number] = /^settlement:([A-Z]{3}):(\d+)$/.exec(id) ?? []
  return currency
    ? `${currency} settlement account ${number}`
    : id
}
