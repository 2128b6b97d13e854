import type { PaymentRequest } from '#shared/types/payment'

/** A payment that was sent, and of which no answer has come yet. */
export interface UnfinishedAttempt {
  key: string
  body: PaymentRequest
}

const NAME = 'unfinished-payment'

/** Remembers the attempt for this tab, so that a reload goes on with the same key. Null: there is none any more. */
export function saveAttempt(attempt: UnfinishedAttempt | null): void {
  try {
    if (attempt)
      sessionStorage.setItem(NAME, JSON.stringify(attempt))
    else
      sessionStorage.removeItem(NAME)
  }
  catch {
    // Storage is full or forbidden: then only a reload is not covered.
  }
}

/** The attempt that a reload has cut off. */
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
