import type { Problem } from '#shared/types/problem'
import type { Proofs } from '#shared/types/proofs'
import { useIntervalFn } from '@vueuse/core'

const POLL_EVERY_MS = 500

/** The invariants as last checked, followed while a check runs. */
export function useProofs() {
  const proofs = useState<Proofs | null>('proofs', () => shallowRef(null))
  const problem = useState<Problem | null>('proofs-problem', () => shallowRef(null))
  const starting = ref(false)
  const running = computed(() => starting.value || proofs.value?.state === 'running')

  async function fetchProofs(path: string, method: 'GET' | 'POST'): Promise<void> {
    const result = await fetchJson<Proofs>(path, { method })
    problem.value = result.ok ? null : result.problem
    // Several API processes may respond in turn, and each knows its own runs: keep the newest.
    if (result.ok && (result.body.startedAt ?? '') >= (proofs.value?.startedAt ?? ''))
      proofs.value = result.body
  }

  const load = () => fetchProofs('/api/proofs', 'GET')
  const { pause, resume } = useIntervalFn(() => void load(), POLL_EVERY_MS, { immediate: false })
  onMounted(() => watch(running, now => now ? resume() : pause(), { immediate: true }))

  async function run(): Promise<void> {
    if (running.value)
      return
    starting.value = true
    await fetchProofs('/api/proofs/run', 'POST')
    starting.value = false
  }

  return { proofs: shallowReadonly(proofs), problem: shallowReadonly(problem), running, load, run }
}
