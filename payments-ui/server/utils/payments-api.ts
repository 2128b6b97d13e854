import type { Account, AccountPage, BalanceHistory, LedgerEntryPage } from '../../shared/types/account.ts'
import type { Balance } from '../../shared/types/balance.ts'
import type { DeadJobGroups } from '../../shared/types/dead-job-groups.ts'
import type { OperationsHistory } from '../../shared/types/operations-history.ts'
import type { Operations, QueuePause } from '../../shared/types/operations.ts'
import type { PaymentDetail } from '../../shared/types/payment-detail.ts'
import type { AcceptedPayment, PaymentPage } from '../../shared/types/payment.ts'
import type { Problem } from '../../shared/types/problem.ts'
import type { Proofs } from '../../shared/types/proofs.ts'
import type { ReconJob, ReconJobPage, RetriedReconJobs } from '../../shared/types/recon-job.ts'
import type { AcceptedRefund, RefundDetail } from '../../shared/types/refund.ts'
import type { WorkerHistory } from '../../shared/types/worker-history.ts'
import { problem } from './problem.ts'

// The only client of the payments API. Plain TypeScript without Nuxt, so that the contract tests run the real client.

/** The API's response headers that are forwarded to the browser. */
const FORWARDED_HEADERS = ['location', 'idempotent-replayed', 'retry-after'] as const
type ForwardedHeaders = Partial<Record<typeof FORWARDED_HEADERS[number], string>>

/** The API's response, or the problem to send to the browser instead. No call throws. */
export type ApiResult<Body>
  = | { ok: true, status: number, headers: ForwardedHeaders, body: Body, /** The body's bytes as the API sent them. */ text: string }
    | Failure
/** The same for a body that is read while it arrives. */
export type StreamResult
  = | { ok: true, status: number, headers: ForwardedHeaders, body: ReadableStream<Uint8Array> }
    | Failure
interface Failure { ok: false, headers: ForwardedHeaders, problem: Problem }

export interface PaymentsApiOptions {
  /** Where the API listens, such as http://127.0.0.1:3001. */
  baseUrl: string
  /** The deadline of a call, including its body. For the event stream and the export, only until they open. Default: 10 s. */
  timeoutMs?: number
}

export interface JsonCall {
  /** JSON text, forwarded unchanged. */
  body: string
  contentType?: string
}

/** A call that the API carries out once for its key. */
export interface IdempotentCall extends JsonCall {
  idempotencyKey?: string
}

export type PaymentsApi = ReturnType<typeof createPaymentsApi>

/** Creates the client. Each call's `signal` aborts it, for when the browser disconnects. */
export function createPaymentsApi({ baseUrl, timeoutMs = 10_000 }: PaymentsApiOptions) {
  async function call<Body>(path: string, init: RequestInit, signal: AbortSignal | undefined): Promise<ApiResult<Body>> {
    const deadline = AbortSignal.timeout(timeoutMs)
    try {
      const response = await request(path, init, signal
        ? AbortSignal.any([signal, deadline])
        : deadline)
      if (!response.ok)
        return await errorResult(response)
      const text = await response.text()
      return {
        ok: true,
        status: response.status,
        headers: forwardedHeaders(response),
        body: JSON.parse(text) as Body,
        text,
      }
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

  /** POSTs JSON unchanged. */
  function send<Body>(path: string, { body, contentType }: JsonCall, signal: AbortSignal | undefined, headers: Record<string, string> = {}): Promise<ApiResult<Body>> {
    return call(path, {
      method: 'POST',
      body,
      headers: { ...(contentType !== undefined && { 'content-type': contentType }), ...headers },
    }, signal)
  }

  async function open(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<StreamResult> {
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
        : await errorResult(response)
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

  /** POSTs JSON unchanged, with its idempotency key. */
  function sendOnce<Body>(path: string, { idempotencyKey, ...json }: IdempotentCall, signal: AbortSignal | undefined): Promise<ApiResult<Body>> {
    return send(path, json, signal, { ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }) })
  }

  function request(path: string, init: RequestInit, signal: AbortSignal): Promise<Response> {
    return fetch(`${baseUrl.replace(/\/+$/, '')}/${path}`, { ...init, redirect: 'manual', signal })
  }

  return {
    createPayment: (payment: IdempotentCall, signal?: AbortSignal) =>
      sendOnce<AcceptedPayment>('payments', payment, signal),

    listPayments: (query?: URLSearchParams, signal?: AbortSignal) =>
      call<PaymentPage>(withQuery('payments', query), {}, signal),

    findPayment: (id: string, signal?: AbortSignal) =>
      withSegment(id, safe => call<PaymentDetail>(`payments/${safe}`, {}, signal)),

    createRefund: (paymentId: string, refund: IdempotentCall, signal?: AbortSignal) =>
      withSegment(paymentId, safe => sendOnce<AcceptedRefund>(`payments/${safe}/refunds`, refund, signal)),

    findRefund: (id: string, signal?: AbortSignal) =>
      withSegment(id, safe => call<RefundDetail>(`refunds/${safe}`, {}, signal)),

    /** Exports all payments that match the filters, as CSV. `signal` ends the stream. */
    exportPayments: (query: URLSearchParams, signal: AbortSignal) =>
      open(withQuery('payments.csv', query), { accept: 'text/csv' }, signal),

    listAccounts: (query?: URLSearchParams, signal?: AbortSignal) =>
      call<AccountPage>(withQuery('accounts', query), {}, signal),

    findAccount: (accountId: string, signal?: AbortSignal) =>
      withSegment(accountId, safe => call<Account>(`accounts/${safe}`, {}, signal)),

    accountBalance: (accountId: string, query?: URLSearchParams, signal?: AbortSignal) =>
      withSegment(accountId, safe => call<Balance>(withQuery(`accounts/${safe}/balance`, query), {}, signal)),

    accountHistory: (accountId: string, signal?: AbortSignal) =>
      withSegment(accountId, safe => call<BalanceHistory>(`accounts/${safe}/history`, {}, signal)),

    /** Exports an account's statement as CSV. `signal` ends the stream. */
    exportStatement: (accountId: string, query: URLSearchParams, signal: AbortSignal) =>
      withSegment(accountId, safe => open(withQuery(`accounts/${safe}/statement.csv`, query), { accept: 'text/csv' }, signal)),

    listEntries: (accountId: string, query?: URLSearchParams, signal?: AbortSignal) =>
      withSegment(accountId, safe => call<LedgerEntryPage>(withQuery(`accounts/${safe}/entries`, query), {}, signal)),

    operations: (signal?: AbortSignal) =>
      call<Operations>('operations', {}, signal),

    operationsHistory: (query?: URLSearchParams, signal?: AbortSignal) =>
      call<OperationsHistory>(withQuery('operations/history', query), {}, signal),

    worker: (workerId: string, query?: URLSearchParams, signal?: AbortSignal) =>
      withSegment(workerId, safe => call<WorkerHistory>(withQuery(`operations/workers/${safe}`, query), {}, signal)),

    proofs: (signal?: AbortSignal) =>
      call<Proofs>('proofs', {}, signal),

    /** Starts a check of the invariants, unless one runs. */
    runProofs: (signal?: AbortSignal) =>
      call<Proofs>('proofs/run', { method: 'POST' }, signal),

    /** Whether the API reaches its database. */
    ready: (signal?: AbortSignal) =>
      call<{ status: string }>('ready', {}, signal),

    listJobs: (query?: URLSearchParams, signal?: AbortSignal) =>
      call<ReconJobPage>(withQuery('recon-jobs', query), {}, signal),

    deadJobGroups: (signal?: AbortSignal) =>
      call<DeadJobGroups>('recon-jobs/errors', {}, signal),

    /** Puts a dead job back into the queue. A job that is not dead gives a 409. */
    retryJob: (paymentId: string, signal?: AbortSignal) =>
      withSegment(paymentId, safe => call<ReconJob>(`recon-jobs/${safe}/retry`, { method: 'POST' }, signal)),

    /** Puts dead jobs back into the queue, up to the limit of one request. */
    retryJobs: (json: JsonCall, signal?: AbortSignal) =>
      send<RetriedReconJobs>('recon-jobs/retry', json, signal),

    /** Stops the workers from claiming jobs. */
    pauseQueue: (json: JsonCall, signal?: AbortSignal) =>
      send<QueuePause>('queue/pause', json, signal),

    resumeQueue: (signal?: AbortSignal) =>
      call<QueuePause>('queue/resume', { method: 'POST' }, signal),

    /** Opens the API's event stream after the event with the id `after`, the last one that the browser saw. `signal` ends it. */
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

/** Escapes a text as one path segment. No resource is named by a dot segment, which would change the path even if escaped. */
async function withSegment<Result>(text: string, then: (safe: string) => Promise<Result>): Promise<Result | Failure> {
  return /^\.{0,2}$/.test(text)
    ? {
        ok: false,
        headers: {},
        problem: problem('not-found', 'No resource has this name.'),
      }
    : then(encodeURIComponent(text))
}

/**
 * Forwards problems that the caller caused, and a 503 with Retry-After. Everything else went wrong between this server and
 * the API (5xx, a redirect, a refused credential, a proxy's page) and becomes a 502, with the API's request id if it sent one.
 */
async function errorResult(response: Response): Promise<Failure> {
  const { status } = response
  const apiProblem = await readProblem(response)
  const causedByCaller = status >= 400 && status < 500 && status !== 401 && status !== 403
  const retryLater = status === 503 && response.headers.has('retry-after')
  if (apiProblem && (causedByCaller || retryLater)) {
    return {
      ok: false,
      headers: forwardedHeaders(response),
      problem: { ...apiProblem, status },
    }
  }
  return {
    ok: false,
    headers: {},
    problem: problem('api-failed', 'The API returned an unexpected response. Try again in a moment.', apiProblem?.instance),
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
  return problem('api-timeout', 'The API may be busy. Try again in a moment.')
}

function unreachable(): Problem {
  return problem('api-unreachable', 'The API may be starting. Try again in a moment.')
}
