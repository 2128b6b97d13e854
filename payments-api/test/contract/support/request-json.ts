/** Sends a request and returns the parsed body, which only the pacts check. Throws for an error status. */
export async function requestJson<Body>(url: string, { idempotencyKey, body }: { idempotencyKey?: string, body?: object } = {}): Promise<Body> {
  const response = await fetch(url, {
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json', ...(idempotencyKey && { 'idempotency-key': idempotencyKey }) },
    signal: AbortSignal.timeout(30_000),
  })
  if (!response.ok)
    throw new Error(`${url} responded with ${response.status}: ${await response.text()}`)
  return await response.json() as Body
}
