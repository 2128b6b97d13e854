import pg from 'pg'

const TIMEOUT_MS = 2_000

/** Checks the health of a part by an HTTP request, or a query to Postgres. Returns 'ok' or a short reason. */
export async function checkHealth(url: string): Promise<string> {
  try {
    return url.startsWith('postgres:') ? await checkPostgres(url) : await checkHttp(url)
  }
  catch (error) {
    return shortReason(error)
  }
}

async function checkHttp(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  await response.body?.cancel()
  return response.ok ? 'ok' : `HTTP ${response.status}`
}

async function checkPostgres(connectionString: string): Promise<string> {
  const client = new pg.Client({ connectionString, ssl: false, connectionTimeoutMillis: TIMEOUT_MS, query_timeout: TIMEOUT_MS })
  client.on('error', () => {}) // if the connection is lost while idle, the query below fails
  try {
    await client.connect()
    await client.query('select 1')
    return 'ok'
  }
  finally {
    void client.end().catch(() => {})
  }
}

function shortReason(error: unknown): string {
  const { name, code, cause, message } = error as Error & { code?: string, cause?: { code?: string } }
  if (name === 'TimeoutError')
    return `no response in ${TIMEOUT_MS / 1000} s`
  return code === 'ECONNREFUSED' || cause?.code === 'ECONNREFUSED' ? 'connection refused' : message
}
