import type { Problem } from '#shared/types/problem'

/** Client errors that leave the outcome open: the request may have been carried out, or may still be. */
const UNDECIDED = new Set([408, 409, 425, 429])
/** Conflicts with the state of the payment, which the API decided for good. */
const REFUSED = new Set(['/problems/payment-not-refundable', '/problems/refund-exceeds-payment'])

export interface Created<Accepted> {
  body: Accepted
  /** An earlier attempt with the same key created it. */
  replayed: boolean
}

/**
 * Posts what must be carried out exactly once: a payment, or a refund. The idempotency key belongs to the form's content, not to
 * the click: a second click or a retry after a lost response sends the same key. The key changes after a success, and when the body
 * is edited after the API refused it. It never changes while an attempt is undecided, because that attempt may have succeeded; a
 * reload during such an attempt restores its key.
 */
export function useIdempotentPost<Body extends object, Accepted>({ path, name }: {
  path: string
  /** Names the attempt in this tab's storage: one for each form. */
  name: string
}) {
  /** Empty until hydration: a key rendered by the server could reach two users through a cache. */
  const key = ref('')
  const sending = ref(false)
  const problem = shallowRef<Problem | null>(null)
  const created = shallowRef<Created<Accepted> | null>(null)
  /** The body of the attempt that a reload interrupted, for the form to restore. */
  const interrupted = shallowRef<Body | null>(null)
  let refused: string | undefined

  onMounted(() => {
    const attempt = loadAttempt<Body>(name)
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
  function bodyChanged(body: Body): void {
    if (refused !== undefined && JSON.stringify(body) !== refused)
      renewKey()
  }

  /** Sends the body unless a request is in flight. Returns null if nothing was sent, or nothing created. */
  async function create(body: Body): Promise<Created<Accepted> | null> {
    if (sending.value || !key.value)
      return null
    sending.value = true
    problem.value = null
    created.value = null
    saveAttempt(name, { key: key.value, body })
    const result = await fetchJson<Accepted>(path, {
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
      body: result.body,
      replayed: result.headers.has('idempotent-replayed'),
    }
    renewKey()
    return created.value
  }

  function finishAttempt(): void {
    saveAttempt(name, null)
    interrupted.value = null
  }

  return {
    interrupted: shallowReadonly(interrupted),
    key: shallowReadonly(key),
    sending: shallowReadonly(sending),
    problem: shallowReadonly(problem),
    /** The last attempt may or may not have succeeded: repeat it, with its key. */
    undecided: computed(() => problem.value !== null && !(problem.value.status >= 400 && problem.value.status < 500)),
    created: shallowReadonly(created),
    create,
    bodyChanged,
    renewKey,
  }
}

function isRefusal({ type, status }: Problem): boolean {
  return status >= 400 && status < 500 && (!UNDECIDED.has(status) || REFUSED.has(type))
}
