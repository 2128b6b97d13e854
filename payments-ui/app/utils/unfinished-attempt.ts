import type { PaymentRequest } from '#shared/types/payment'

/** A payment that was sent but has no response yet. */
export interface UnfinishedAttempt {
  key: string
  body: PaymentRequest
}

const NAME = 'unfinished-payment'

/** Stores the attempt for this tab, so that a reload keeps its key. Null removes it. */
export function saveAttempt(attempt: UnfinishedAttempt | null): void {
  try {
    if (attempt)
      sessionStorage.setItem(NAME, JSON.stringify(attempt))
    else
      sessionStorage.removeItem(NAME)
  }
  catch {
    // Storage is full or disabled: a reload then loses the attempt's key.
  }
}

/** Returns the attempt that a reload interrupted. */
export function loadAttempt(): UnfinishedAttempt | null {
  try {
    const attempt: unknown = JSON.parse(sessionStorage.getItem(NAME) ?? 'null')
    return isAttempt(attempt)
      ? attempt
      : null
  }
  catch {
    return null
  }
}

function isAttempt(value: unknown): value is UnfinishedAttempt {
  return typeof value === 'object' && value !== null
    && 'key' in value && typeof value.key === 'string'
    && 'body' in value && typeof value.body === 'object' && value.body !== null
}
