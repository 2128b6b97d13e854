import { hash } from 'node:crypto'

/**
 * Says whether two requests with one idempotency key ask for the same payment: SHA-256 over the canonical values, so
 * that 100, "100.0" and "100.00", a default left out and the order of the fields make no difference.
 * The version is part of the input: a new algorithm must answer for old keys with the old one, or replays would turn into 422.
 */
export function requestHash(request: { accountId: string, minorUnits: bigint, currency: string, description: string }): Buffer {
  const { accountId, minorUnits, currency, description } = request
  return hash('sha256', JSON.stringify([
    'v1',
    accountId,
    minorUnits.toString(),
    currency,
    description,
  ]), 'buffer')
}
