/** The introduction of the OpenAPI document, in Markdown. */
export const GUIDE = `
Accepts payments idempotently and reports what became of them. Amounts are exact decimal strings.
Every error is \`application/problem+json\` (RFC 9457): switch on \`type\`, show \`detail\`, quote \`instance\` when you report one.

## Idempotency

\`POST /payments\` and \`POST /payments/{id}/refunds\` need an \`Idempotency-Key\`: 1 to 255 visible ASCII characters, such as a
UUID. A key makes at most one payment or refund, forever. All callers share one namespace of keys.

| You send | You get |
|---|---|
| a new key | 201, and the payment |
| a used key with the same payment | 201 with \`Idempotent-Replayed: true\`, and the first response byte for byte, also after the payment settled |
| a used key with another payment, or with a refund | 422 \`idempotency-key-reused\`; no payment is made |
| a key whose first request is still under way | 409 \`idempotency-key-in-use\` with \`Retry-After\` |

The same payment means the same account, amount, currency and description. Their spelling makes no difference:
\`7\` is \`"7.00"\`, fields come in any order, a default may be left out.

The same holds for refunds. The same refund means the same payment, amount and reason; no amount, which takes all that is
left, differs from any amount.

**What is stored.** The payment, its key and a SHA-256 hash of the four values, in one transaction. None of it expires.
A request that was refused (400, 404, 409, 422, 503) stores nothing.

**How to retry safely.**

1. Generate the key before the first attempt, and save it with the payment that you are about to make.
2. Send the request. 201 ends it: the payment exists once, whether this attempt or an earlier one made it.
3. No response, 408, 409 \`idempotency-key-in-use\` or any 5xx: the payment may or may not exist. Send the same body with
   the same key again, after \`Retry-After\` if there is one, else after 1 s, doubled each time up to 60 s, with jitter.
4. Any other 4xx: the same request will be refused again. Correct it first.
5. Never retry with a new key: that is a second payment.

## Refunds

\`POST /payments/{id}/refunds\` refunds a payment in full or in part, until nothing is left. A refund is pending until it settles.

| The payment is | and the refund is of | You get |
|---|---|---|
| pending, failed, refunded | any amount | 409 \`payment-not-refundable\`, with \`paymentStatus\` |
| completed, partially_refunded | more than is left | 409 \`refund-exceeds-payment\`, with \`left\` |
| completed, partially_refunded | at most what is left | 201 |

What is left is the amount minus all accepted refunds, settled or not. A refund never fails. Once it settles, the payment is
partially_refunded, or refunded if its settled refunds sum up to its amount. A payment with a discrepancy was posted in full, and
is refunded so. A refund of an amount that ends in .13 completes with a discrepancy, like a payment.

## Events

\`GET /events\` is a stream of server-sent events. The schema of its response describes one event; \`data\` is JSON.
Fetch what you show after \`hello\`, and again after \`resync\`. Reconnect with the last \`id\` to miss nothing.
`.trim()
