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

/** Longer than the server's deadline for the API, so that the user sees the server's problem. */
const TIMEOUT_MS = 15_000

const NO_RESPONSE: Problem = {
  type: '/problems/no-response',
  title: 'The console did not respond',
  status: 0,
  detail: 'The connection was lost before a response arrived. Check your network and try again.',
}

/** Calls the console's server. Never throws: an error is returned as a problem. */
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
    title: 'The response cannot be read',
    status,
    detail: `It has status ${status} and is not from the console. Check the proxies between this page and the console.`,
  }
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'title' in body && 'type' in body
}
