import type { Problem } from '#shared/types/problem'

/** At most three fetches per second, however many events arrive. */
const REFRESH_EVERY_MS = 333

/** The body of a GET from the console's server. On `refresh` the old body stays until the response arrives. */
export function useResource<Body>(name: string, path: string) {
  const shownPath = useState<string>(`${name}-path`, () => path)
  const body = useState<Body | null>(name, () => shallowRef(null))
  /** The resource does not exist (404), or its name is invalid (400). */
  const missing = useState(`${name}-missing`, () => false)
  const problem = useState<Problem | null>(`${name}-problem`, () => shallowRef(null))

  if (shownPath.value !== path) {
    shownPath.value = path
    body.value = null
    missing.value = false
    problem.value = null
  }

  async function load(): Promise<void> {
    const result = await fetchJson<Body>(path)
    if (shownPath.value !== path)
      return // another page has loaded another resource since
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
    /** Why the last fetch failed; null if it succeeded. */
    problem: shallowReadonly(problem),
    load,
    refresh: coalesce(load, REFRESH_EVERY_MS),
  }
}
