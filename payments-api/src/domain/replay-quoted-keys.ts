import type { CreateResult } from './create-payment.ts'
import type { PaymentRequest } from './payment.ts'
import type { KeyHolder } from './write-payments.ts'
import { inBatches } from './in-batches.ts'
import { requestHash } from './request-hash.ts'

/** `quotedKey` is the key with its quotes, if the caller sent quotes. */
export type QuotedRequest = PaymentRequest & { quotedKey?: string | undefined }
type CreatePayment = (request: PaymentRequest) => Promise<CreateResult>
interface Key { caller: string, idempotencyKey: string }

/** Most quoted keys to look up in one statement. */
const MAX_BATCH = 100

/**
 * Replays payments that were stored under their key in quotes, before `"k"` and `k` became one key. Without this, a caller
 * that repeats such a request after the upgrade would pay twice. A request with a quoted key costs one look-up, shared by
 * concurrent requests; other requests cost nothing extra.
 */
export function replayQuotedKeys(createPayment: CreatePayment, findByKeys: (keys: Key[]) => Promise<{ find: (key: Key) => KeyHolder | undefined }>): (request: QuotedRequest) => Promise<CreateResult> {
  const findBatched = inBatches<Key, KeyHolder | undefined>({ batches: 1, batchSize: MAX_BATCH, overlapAfterMs: 0 }, async (batch) => {
    await findByKeys(batch.map(({ item }) => item)).then(
      ({ find }) => batch.forEach(({ item, resolve }) => resolve(find(item))),
      (error: unknown) => batch.forEach(({ reject }) => reject(error)),
    )
  })

  return async ({ quotedKey, ...request }) => {
    const holder = quotedKey === undefined ? undefined : await findBatched({ caller: request.caller, idempotencyKey: quotedKey })
    if (!holder)
      return createPayment(request)
    return holder.requestHash.equals(requestHash(request)) ? { kind: 'replayed', payment: holder } : { kind: 'idempotency-key-reused' }
  }
}
