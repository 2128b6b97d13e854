/** Longer than the server's deadline for the API. */
const TIMEOUT_MS = 15_000

export type SentPayment
  = | { ok: true, text: string, replayed: boolean, tookMs: number }
    | { ok: false, reason: string }

/** Sends a payment and returns the response's exact text, which a parsed body would lose. Never throws. */
export async function sendPayment(key: string, body: object): Promise<SentPayment> {
  const begin = performance.now()
  try {
    const response = await fetch('/api/payments', {
      method: 'POST',
      headers: { 'idempotency-key': key, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const text = await response.text()
    const tookMs = performance.now() - begin
    return response.ok
      ? { ok: true, text, replayed: response.headers.get('idempotent-replayed') === 'true', tookMs }
      : { ok: false, reason: titleOf(text) ?? `The response has status ${response.status}.` }
  }
  catch {
    return { ok: false, reason: 'The console did not respond. Check your network and try again.' }
  }
}

function titleOf(text: string): string | undefined {
  try {
    const { title } = JSON.parse(text) as { title?: unknown }
    return typeof title === 'string' ? `${title}.` : undefined
  }
  catch {
    return undefined
  }
}
