/**
 * The bounds of the idempotency keys that begin with a run's id, both exclusive: `~` is the highest character that a key may contain,
 * and the column sorts by code point.
 */
export function keyRange(runId: string): [above: string, below: string] {
  return [`${runId}-`, `${runId}-~`]
}
