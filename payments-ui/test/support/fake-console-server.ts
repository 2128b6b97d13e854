import type { AcceptedPayment, Payment } from '../../shared/types/payment'
import type { Problem } from '../../shared/types/problem'
import { registerEndpoint } from '@nuxt/test-utils/runtime'
import { getHeader, readBody, setResponseHeader, setResponseStatus } from 'h3'

export interface Sent {
  key: string | undefined
  body: unknown
}

/** The routes of the console's server, with responses that the test sets. */
export interface FakeConsoleServer {
  /** The newest page. */
  payments: Payment[]
  nextCursor: string | null
  /** Further pages, by cursor. */
  pages: Record<string, Payment[]>
  /** The next cursor of those pages. */
  pageCursors: Record<string, string>
  /** Applies the filters to the newest page. */
  matching: (payments: Payment[]) => Payment[]
  balances: Record<string, string>
  /** Returned instead of the list. */
  listProblem: Problem | undefined
  /** Responses to the form's next requests: a problem, or a success delayed by a promise. Success once there are none. */
  refusals: (Problem | Promise<unknown>)[]
  sent: Sent[]
  /** Number of requests for the list. */
  listRequests: number
  /** The filters of each request for the list. */
  queries: Record<string, string>[]
}

type Event = Parameters<typeof readBody>[0]

export function fakeConsoleServer(): FakeConsoleServer {
  const server: FakeConsoleServer = {
    payments: [],
    nextCursor: null,
    pages: {},
    pageCursors: {},
    matching: payments => payments,
    balances: {},
    listProblem: undefined,
    refusals: [],
    sent: [],
    listRequests: 0,
    queries: [],
  }

  function problem(event: Event, problem: Problem) {
    setResponseStatus(event, problem.status)
    setResponseHeader(event, 'content-type', 'application/problem+json')
    return JSON.stringify(problem)
  }

  registerEndpoint('/api/payments', {
    method: 'GET',
    handler: (event) => {
      server.listRequests++
      if (server.listProblem)
        return problem(event, server.listProblem)
      const { cursor, ...filters } = Object.fromEntries(new URL(event.path, 'http://ui').searchParams)
      server.queries.push(filters)
      return cursor
        ? { payments: server.pages[cursor], nextCursor: server.pageCursors[cursor] ?? null }
        : { payments: server.matching(server.payments), nextCursor: server.nextCursor }
    },
  })
  registerEndpoint('/api/payments', {
    method: 'POST',
    handler: async (event) => {
      const body = await readBody<AcceptedPayment>(event)
      server.sent.push({
        key: getHeader(event, 'idempotency-key'),
        body,
      })
      const refusal = server.refusals.shift()
      if (refusal instanceof Promise)
        await refusal
      else if (refusal)
        return problem(event, refusal)
      setResponseStatus(event, 201)
      return {
        ...body,
        id: `payment-${server.sent.length}`,
        status: 'pending',
        createdAt: '2026-11-23T16:05:13.123Z',
      }
    },
  })
  registerEndpoint('/api/accounts/ACC-001/balance', event => balance(event, 'ACC-001'))
  registerEndpoint('/api/accounts/ACC-002/balance', event => balance(event, 'ACC-002'))

  function balance(event: Event, accountId: string) {
    const known = server.balances[accountId]
    return known === undefined
      ? problem(event, { type: '/problems/not-found', title: 'There is nothing here', status: 404 })
      : { accountId, balance: known, currency: 'USD' }
  }
  return server
}
