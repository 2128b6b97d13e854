/** Asks the API and answers the body, whatever it looks like: whether that is as promised is for the pacts to say. */
export async function ask<Body>(url: string, { idempotencyKey, body }: { idempotencyKey?: string, body?: object } = {}): Promise<Body> {
  const response = await fetch(url, {
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json', ...(idempotencyKey && { 'idempotency-key': idempotencyKey }) },
    signal: AbortSignal.timeout(30_000),
  })
  if (!response.ok)
    throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return await response.json() as Body
}
