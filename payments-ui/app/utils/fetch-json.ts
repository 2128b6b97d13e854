import type { Problem } from '#shared/types/problem'

export type FetchResult<Body>
  = | { ok: true, body: Body, headers: Headers }
    | { ok: false, problem: Problem }

export interface FetchJsonOptions {
  method?: 'GET' | 'POST'
  query?: Record<string, string | number | undefined>
  headers?: Record<string, string>
  /** Sent as JSON. */
  body?: object
}

/** Longer than the server's own deadline, so that its problem is what a person gets to read. */
const TIMEOUT_MS = 15_000

const NO_RESPONSE: Problem = {
  type: '/problems/no-answer',
  title: 'The console gave no answer',
  status: 0,
  detail: 'The connection broke off before an answer came. Check it and try again.',
}

/** Calls this console's own server. What goes wrong is a value: no call throws. */
export async function fetchJson<Body>(path: string, options: FetchJsonOptions = {}): Promise<FetchResult<Body>> {
  try {
    const response = await $fetch.raw<unknown>(path, {
      timeout: TIMEOUT_MS,
      retry: 0,
      ...options,
      ignoreResponseError: true,
    })
    if (response.ok)
      return { ok: true, body: response._data as Body, headers: response.headers }
    return {
      ok: false,
      problem: isProblem(response._data)
        ? response._data
        : unexpected(response.status),
    }
  }
  catch {
    return { ok: false, problem: NO_RESPONSE }
  }
}

function unexpected(status: number): Problem {
  return {
    type: 'about:blank',
    title: 'The answer cannot be read',
    status,
    detail: `It has the status ${status}. Something between this page and the console answered in its place.`,
  }
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'title' in body && 'type' in body
}
