import { randomUUID } from 'node:crypto'
import { call } from './api.ts'

export interface Load {
  /** The number of responses by status. */
  statuses: Map<number, number>
  /** The path and body of each response with status 500. */
  failures: string[]
  /** Stops the load and waits for the last requests. */
  stop: () => Promise<void>
}

/** Starts callers that post payments and read payments, lists and accounts, each one request at a time. */
export function startLoad(url: string, callers = 4): Load {
  const statuses = new Map<number, number>()
  const failures: string[] = []
  const stopping = new AbortController()

  async function request(path: string, accountId?: string): Promise<Awaited<ReturnType<typeof call>>> {
    const response = await call(`${url}${path}`, accountId === undefined ? {} : { body: { accountId, amount: 2 }, headers: { 'idempotency-key': randomUUID() } })
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
    if (response.status === 500)
      failures.push(`${path}: ${response.text}`)
    return response
  }

  const running = Array.from({ length: callers }, async (_, caller) => {
    while (!stopping.signal.aborted) {
      const { status, body } = await request('/payments', `LOAD-${caller}`)
      for (const path of ['/payments?amountFrom=1&amountTo=5', `/accounts/LOAD-${caller}`, status === 201 ? `/payments/${(body as { id: string }).id}` : '/payments', '/recon-jobs?status=pending', '/accounts'])
        await request(path)
    }
  })
  return {
    statuses,
    failures,
    stop: async () => {
      stopping.abort()
      await Promise.all(running)
    },
  }
}
