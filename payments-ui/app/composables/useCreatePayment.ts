import type { AcceptedPayment, PaymentRequest } from '#shared/types/payment'
import type { Problem } from '#shared/types/problem'

/** Client errors that leave the outcome open: the payment may have been made, or may still be made. */
const UNDECIDED = new Set([408, 409, 425, 429])

export interface Created {
  payment: AcceptedPayment
  /** An earlier attempt with the same key created the payment. */
  replayed: boolean
}

/**
 * Creates payments, each exactly once. The idempotency key belongs to the form's content, not to the click: a second click
 * or a retry after a lost response sends the same key. The key changes after a success, and when the body is edited after
 * the API refused it. It never changes while an attempt is undecided, because that attempt may have created the payment;
 * a reload during such an attempt restores its key.
 */
export function useCreatePayment() {
  /** Empty until hydration: a key rendered by the server could reach two users through a cache. */
  const key = ref('')
  const sending = ref(false)
  const problem = shallowRef<Problem | null>(null)
  const created = shallowRef<Created | null>(null)
  /** The body of the attempt that a reload interrupted, for the form to restore. */
  const interrupted = shallowRef<PaymentRequest | null>(null)
  let refused: string | undefined

  onMounted(() => {
    const attempt = loadAttempt()
    interrupted.value = attempt?.body ?? null
    if (attempt)
      key.value = attempt.key
    else
      renewKey()
  })

  function renewKey(): void {
    key.value = randomUuid()
    refused = undefined
  }

  /** The form calls this on every change. */
  function bodyChanged(body: PaymentRequest): void {
    if (refused !== undefined && JSON.stringify(body) !== refused)
      renewKey()
  }

  /** Sends the payment unless a request is in flight. Returns null if nothing was sent or the payment was not created. */
  async function create(body: PaymentRequest): Promise<Created | null> {
    if (sending.value || !key.value)
      return null
    sending.value = true
    problem.value = null
    created.value = null
    saveAttempt({ key: key.value, body })
    const result = await fetchJson<AcceptedPayment>('/api/payments', {
      method: 'POST',
      headers: { 'idempotency-key': key.value },
      body,
    })
    sending.value = false
    if (!result.ok) {
      problem.value = result.problem
      refused = isRefusal(result.problem)
        ? JSON.stringify(body)
        : undefined
      if (refused !== undefined)
        finishAttempt()
      return null
    }
    finishAttempt()
    created.value = {
      payment: result.body,
      replayed: result.headers.has('idempotent-replayed'),
    }
    renewKey()
    return created.value
  }

  function finishAttempt(): void {
    saveAttempt(null)
    interrupted.value = null
  }

  return {
    interrupted: shallowReadonly(interrupted),
    key: shallowReadonly(key),
    sending: shallowReadonly(sending),
    problem: shallowReadonly(problem),
    created: shallowReadonly(created),
    create,
    bodyChanged,
    renewKey,
  }
}

function isRefusal({ status }: Problem): boolean {
  return status >= 400 && status < 500 && !UNDECIDED.has(status)
}
