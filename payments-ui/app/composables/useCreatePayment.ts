import type { AcceptedPayment, PaymentRequest } from '#shared/types/payment'
import type { Problem } from '#shared/types/problem'

/** Answers after which nothing is known: the request may take effect yet, or has already. */
const UNDECIDED = new Set([408, 409, 425, 429])

export interface Created {
  payment: AcceptedPayment
  /** An earlier attempt with the same key had made the payment. */
  replayed: boolean
}

/**
 * Makes payments, each once. The idempotency key belongs to what the form holds, not to the click: a second click and a
 * retry after no answer send the same key. A new one comes after a success, and when the body is changed after the API
 * has refused it; never while an attempt is undecided, for that attempt may have made the payment. A reload while one is
 * undecided goes on with its key.
 */
export function useCreatePayment() {
  /** Empty until the page is alive: a key that the server rendered could reach two people through a cache. */
  const key = ref('')
  const sending = ref(false)
  const problem = shallowRef<Problem | null>(null)
  const created = shallowRef<Created | null>(null)
  /** What a reload has cut off, to be put back into the form. */
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

  /** To be told of every change of the form. */
  function bodyChanged(body: PaymentRequest): void {
    if (refused !== undefined && JSON.stringify(body) !== refused)
      renewKey()
  }

  /** Sends the payment unless one is on its way. Answers it when it was made. */
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
