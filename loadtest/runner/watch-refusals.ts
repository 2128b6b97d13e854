/** As long as a fault may keep the API from responding. */
const TIMEOUT_MS = 8_000

/** Returns a function that says whether the API has refused payments with 503 since this call. */
export async function watchRefusals(api: string): Promise<() => Promise<boolean>> {
  const before = await countRefusals(api)
  return async () => await countRefusals(api) !== before
}

async function countRefusals(api: string): Promise<string | undefined> {
  const metrics = await fetch(`${api}/metrics`, { signal: AbortSignal.timeout(TIMEOUT_MS) }).then(response => response.text(), () => '')
  return /^http_request_duration_seconds_count\{method="POST",route="\/payments",status="503"\} (\d+)/m.exec(metrics)?.[1]
}
