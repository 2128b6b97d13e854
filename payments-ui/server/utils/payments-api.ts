import type { Account, AccountPage, LedgerEntryPage } from '../../shared/types/account.ts'
import type { Balance } from '../../shared/types/balance.ts'
import type { Operations, QueuePause } from '../../shared/types/operations.ts'
import type { PaymentDetail } from '../../shared/types/payment-detail.ts'
import type { AcceptedPayment, PaymentPage } from '../../shared/types/payment.ts'
import type { Problem } from '../../shared/types/problem.ts'
import type { ReconJob, ReconJobPage, RetriedReconJobs } from '../../shared/types/recon-job.ts'
import { problem } from './problem.ts'

// The one client of the payments API. Plain TypeScript, nothing of Nuxt: the contract tests drive it as it is.

/** Headers of the API's response that the browser gets too. */
const FORWARDED_HEADERS = ['location', 'idempotent-replayed', 'retry-after'] as const
type ForwardedHeaders = Partial<Record<typeof FORWARDED_HEADERS[number], string>>

/** What the API said, or the problem that the browser is told instead. No call throws. */
export type ApiResult<Body>
  = | { ok: true, status: number, headers: ForwardedHeaders, body: Body }
    | { ok: false, headers: ForwardedHeaders, problem: Problem }

export interface PaymentsApiOptions {
  /** Where the API listens, such as http://127.0.0.1:3001. */
  baseUrl: string
  /** How long one call may take, body included; the event stream and the export: until they open. */
  timeoutMs?: number
}

export interface JsonCall {
  /** JSON text, passed on byte for byte. */
  body: string
  contentType?: string
}

export interface CreatePaymentCall extends JsonCall {
  idempotencyKey?: string
}

export type PaymentsApi = ReturnType<typeof createPaymentsApi>

/** `signal` aborts a call under way: the browser has gone. */
export function createPaymentsApi({ baseUrl, timeoutMs = 10_000 }: PaymentsApiOptions) {
  async function call<Body>(path: string, init: RequestInit, signal: AbortSignal | undefined): Promise<ApiResult<Body>> {
    const deadline = AbortSignal.timeout(timeoutMs)
    try {
      const response = await request(path, init, signal
        ? AbortSignal.any([signal, deadline])
        : deadline)
      return response.ok
        ? {
            ok: true,
            status: response.status,
            headers: forwardedHeaders(response),
            body: await response.json() as Body,
          }
        : await refusal(response)
    }
    catch {
      return {
        ok: false,
        headers: {},
        problem: deadline.aborted
          ? timeout()
          : unreachable(),
      }
    }
  }

  /** POSTs JSON byte for byte. */
  function send<Body>(path: string, { body, contentType }: JsonCall, signal: AbortSignal | undefined, headers: Record<string, string> = {}): Promise<ApiResult<Body>> {
    return call(path, {
      method: 'POST',
      body,
      headers: { ...(contentType !== undefined && { 'content-type': contentType }), ...headers },
    }, signal)
  }

  async function open(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<ApiResult<ReadableStream<Uint8Array>>> {
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(), timeoutMs)
    try {
      const response = await request(path, { headers }, AbortSignal.any([signal, deadline.signal]))
      return response.ok && response.body
        ? {
            ok: true,
            status: response.status,
            headers: {},
            body: response.body,
          }
        : await refusal(response)
    }
    catch {
      return {
        ok: false,
        headers: {},
        problem: deadline.signal.aborted
          ? timeout()
          : unreachable(),
      }
    }
    finally {
      clearTimeout(timer)
    }
  }

  function request(path: string, init: RequestInit, signal: AbortSignal): Promise<Response> {
    return fetch(`${baseUrl.replace(/\/+$/, '')}/${path}`, { ...init, redirect: 'manual', signal })
  }

  return {
    createPayment: ({ idempotencyKey, ...json }: CreatePaymentCall, signal?: AbortSignal) =>
      send<AcceptedPayment>('payments', json, signal, {
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      }),

    listPayments: (query?: URLSearchParams, signal?: AbortSignal) =>
      call<PaymentPage>(withQuery('payments', query), {}, signal),

    findPayment: (id: string, signal?: AbortSignal) =>
      segment(id, safe => call<PaymentDetail>(`payments/${safe}`, {}, signal)),

    /** All payments that the filters match, as CSV. `signal` ends it. */
    exportPayments: (query: URLSearchParams, signal: AbortSignal) =>
      open(withQuery('payments.csv', query), { accept: 'text/csv' }, signal),

    listAccounts: (query?: URLSearchParams, signal?: AbortSignal) =>
      call<AccountPage>(withQuery('accounts', query), {}, signal),

    findAccount: (accountId: string, signal?: AbortSignal) =>
      segment(accountId, safe => call<Account>(`accounts/${safe}`, {}, signal)),

    accountBalance: (accountId: string, signal?: AbortSignal) =>
      segment(accountId, safe => call<Balance>(`accounts/${safe}/balance`, {}, signal)),

    listEntries: (accountId: string, query?: URLSearchParams, signal?: AbortSignal) =>
      segment(accountId, safe => call<LedgerEntryPage>(withQuery(`accounts/${safe}/entries`, query), {}, signal)),

    operations: (signal?: AbortSignal) =>
      call<Operations>('operations', {}, signal),

    /** Whether the API reaches its database. */
    ready: (signal?: AbortSignal) =>
      call<{ status: string }>('ready', {}, signal),

    listJobs: (query?: URLSearchParams, signal?: AbortSignal) =>
      call<ReconJobPage>(withQuery('recon-jobs', query), {}, signal),

    /** Puts a dead job back into the queue; a 409 where it is not dead. */
    retryJob: (paymentId: string, signal?: AbortSignal) =>
      segment(paymentId, safe => call<ReconJob>(`recon-jobs/${safe}/retry`, { method: 'POST' }, signal)),

    /** Puts dead jobs back into the queue, up to the limit of one request. */
    retryJobs: (json: JsonCall, signal?: AbortSignal) =>
      send<RetriedReconJobs>('recon-jobs/retry', json, signal),

    /** Stops the workers from claiming jobs. */
    pauseQueue: (json: JsonCall, signal?: AbortSignal) =>
      send<QueuePause>('queue/pause', json, signal),

    resumeQueue: (signal?: AbortSignal) =>
      call<QueuePause>('queue/resume', { method: 'POST' }, signal),

    /** The API's event stream; `after` is the id of the last event that the browser has seen. `signal` ends it. */
    openEvents: (after: string | undefined, signal: AbortSignal) =>
      open('events', {
        accept: 'text/event-stream',
        ...(after && { 'last-event-id': after }),
      }, signal),
  }
}

function withQuery(path: string, query: URLSearchParams | undefined): string {
  return query?.size
    ? `${path}?${query}`
    : path
}

/** A text as one segment of a path. A dot segment would climb out of it, however it is escaped: no resource has such a name. */
async function segment<Body>(text: string, then: (safe: string) => Promise<ApiResult<Body>>): Promise<ApiResult<Body>> {
  return /^\.{0,2}$/.test(text)
    ? {
        ok: false,
        headers: {},
        problem: problem('not-found', 'No resource has this name.'),
      }
    : then(encodeURIComponent(text))
}

/**
 * Problems of the caller pass, and so does a 503 that says when to try again. Everything else is between this server and
 * the API (5xx, a redirect, a refused credential, a proxy's page): a 502, with the API's request id if it gave one.
 */
async function refusal<Body>(response: Response): Promise<ApiResult<Body>> {
  const { status } = response
  const told = await readProblem(response)
  const callersFault = status >= 400 && status < 500 && status !== 401 && status !== 403
  const comeBackLater = status === 503 && response.headers.has('retry-after')
  if (told && (callersFault || comeBackLater)) {
    return {
      ok: false,
      headers: forwardedHeaders(response),
      problem: { ...told, status },
    }
  }
  return {
    ok: false,
    headers: {},
    problem: problem('api-failed', 'It answered with an error of its own. Try again in a moment.', told?.instance),
  }
}

async function readProblem(response: Response): Promise<Problem | undefined> {
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json')
  const body: unknown = isProblem
    ? await response.json()
    : await response.body?.cancel()
  return typeof body === 'object' && body !== null && 'type' in body && 'title' in body
    ? body as Problem
    : undefined
}

function forwardedHeaders(response: Response): ForwardedHeaders {
  return Object.fromEntries(FORWARDED_HEADERS.flatMap((name) => {
    const value = response.headers.get(name)
    return value === null
      ? []
      : [
          [name, value],
        ]
  }))
}

function timeout(): Problem {
  return problem('api-timeout', 'It may be busy. Try again in a moment.')
}

function unreachable(): Problem {
  return problem('api-unreachable', 'It may be starting. Try again in a moment.')
}
