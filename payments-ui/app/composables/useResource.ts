import type { Problem } from '#shared/types/problem'

/** At most about three fetches a second, however many events come. */
const REFRESH_EVERY_MS = 333

/** What a GET of this console's server answers, fetched again on `refresh`; what is shown stays until the answer is there. */
export function useResource<Body>(name: string, path: string) {
  const shown = useState<string>(`${name}-path`, () => path)
  const body = useState<Body | null>(name, () => shallowRef(null))
  /** The API knows no such thing, or it can have no such name. */
  const missing = useState(`${name}-missing`, () => false)
  const problem = useState<Problem | null>(`${name}-problem`, () => shallowRef(null))

  if (shown.value !== path) {
    shown.value = path
    body.value = null
    missing.value = false
    problem.value = null
  }

  async function load(): Promise<void> {
    const result = await fetchJson<Body>(path)
    if (shown.value !== path)
      return // another page shows another one by now
    missing.value = !result.ok && (result.problem.status === 404 || result.problem.status === 400)
    problem.value = result.ok || missing.value
      ? null
      : result.problem
    if (result.ok)
      body.value = result.body
  }

  return {
    body: shallowReadonly(body),
    missing: shallowReadonly(missing),
    /** Why the last fetch failed; null after one that did not. */
    problem: shallowReadonly(problem),
    load,
    refresh: coalesce(load, REFRESH_EVERY_MS),
  }
}
