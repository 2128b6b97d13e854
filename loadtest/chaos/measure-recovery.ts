import type { Client } from './client.ts'
import { setTimeout as delay } from 'node:timers/promises'

/** A payment is tried this often, in case an earlier try hangs. */
const TRY_EVERY_MS = 250
const ASK_EVERY_MS = 20
const TRY_TIMEOUT_MS = 2_000
/** A system that has not recovered by then does not recover by itself. */
const DEADLINE_MS = 60_000

/**
 * Measures the time in milliseconds from now until the first payment made from now on has settled, as a caller sees it; null if
 * none settles within 60 s, or once the signal aborts.
 */
export async function measureRecovery(client: Client, name: string, apis: string[], signal: AbortSignal): Promise<number | null> {
  const begin = performance.now()
  const over = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)])
  const settled = new AbortController()
  const recovered = new Promise<number>((resolve) => {
    settled.signal.addEventListener('abort', () => resolve(performance.now() - begin))
  })
  const tries: Promise<void>[] = []
  for (let n = 1; !over.aborted && !settled.signal.aborted; n++) {
    tries.push(trySettling(client, apis[n % apis.length]!, `${name}-${n}`, AbortSignal.any([over, settled.signal]), settled))
    await delay(TRY_EVERY_MS, null, { signal: settled.signal }).catch(() => {})
  }
  const result = settled.signal.aborted ? await recovered : null
  await Promise.all(tries)
  return result
}

async function trySettling(client: Client, api: string, key: string, over: AbortSignal, settled: AbortController): Promise<void> {
  const { outcome, body } = await client({ purpose: 'probe', api, path: '/payments', key, payment: { accountId: key.replace(/-\d+$/, ''), amount: '1.00', description: key }, timeoutMs: TRY_TIMEOUT_MS })
  if (outcome !== 'ok')
    return
  const { id } = JSON.parse(body) as { id: string }
  while (!over.aborted) {
    const { outcome, body } = await client({ purpose: 'probe', api, path: `/payments/${id}`, timeoutMs: TRY_TIMEOUT_MS })
    if (outcome === 'ok' && (JSON.parse(body) as { status: string }).status !== 'pending')
      return settled.abort()
    await delay(ASK_EVERY_MS, null, { signal: over }).catch(() => {})
  }
}
