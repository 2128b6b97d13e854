/** A payment or refund that was sent but has no response yet. */
export interface UnfinishedAttempt<Body> {
  key: string
  body: Body
}

/** Stores the attempt under a name for this tab, so that a reload keeps its key. Null removes it. */
export function saveAttempt<Body extends object>(name: string, attempt: UnfinishedAttempt<Body> | null): void {
  try {
    if (attempt)
      sessionStorage.setItem(name, JSON.stringify(attempt))
    else
      sessionStorage.removeItem(name)
  }
  catch {
    // Storage is full or disabled: a reload then loses the attempt's key.
  }
}

/** Returns the attempt that a reload interrupted. */
export function loadAttempt<Body extends object>(name: string): UnfinishedAttempt<Body> | null {
  try {
    const attempt: unknown = JSON.parse(sessionStorage.getItem(name) ?? 'null')
    return isAttempt<Body>(attempt)
      ? attempt
      : null
  }
  catch {
    return null
  }
}

function isAttempt<Body>(value: unknown): value is UnfinishedAttempt<Body> {
  return typeof value === 'object' && value !== null
    && 'key' in value && typeof value.key === 'string'
    && 'body' in value && typeof value.body === 'object' && value.body !== null
}
