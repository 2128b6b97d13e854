import type { Problem } from '#shared/types/problem'
import type { ReconJob, ReconJobPage } from '#shared/types/recon-job'

/** Retries under way at a time: the queue takes them one by one anyway. */
const LANES = 4

/** Jobs that were given up, and how to put them back into the queue. */
export function useDeadJobs() {
  const list = useCursorList<ReconJobPage, ReconJob>({
    name: 'dead-jobs',
    path: '/api/recon-jobs',
    query: ref({ status: 'dead' }),
    rowsOf: page => page.jobs,
  })
  /** Ids of payments whose job is being put back; 'all' while every one is. */
  const retrying = shallowRef<ReadonlySet<string>>(new Set())
  /** What the last retry came to, for people. */
  const report = ref('')
  const retryProblem = shallowRef<Problem | null>(null)

  function mark(id: string, on: boolean): void {
    const next = new Set(retrying.value)
    if (on)
      next.add(id)
    else
      next.delete(id)
    retrying.value = next
  }

  /** Whether the job is in the queue now. One that someone else has put back meanwhile is. */
  async function putBack(paymentId: string): Promise<boolean> {
    const answer = await askServer<ReconJob>(`/api/recon-jobs/${encodeURIComponent(paymentId)}/retry`, { method: 'POST' })
    if (answer.ok || answer.problem.status === 409 || answer.problem.status === 404)
      return true
    retryProblem.value = answer.problem
    return false
  }

  async function retry(paymentId: string): Promise<void> {
    if (retrying.value.has(paymentId))
      return
    retryProblem.value = null
    mark(paymentId, true)
    if (await putBack(paymentId))
      report.value = 'The job is in the queue again.'
    await list.load()
    mark(paymentId, false)
  }

  /** Every dead job there is now, also those that are not loaded. Stops at the first that cannot be put back. */
  async function retryAll(): Promise<void> {
    if (retrying.value.has('all'))
      return
    retryProblem.value = null
    mark('all', true)
    const begun = new Set<string>()
    let done = 0
    for (;;) {
      const page = await askServer<ReconJobPage>('/api/recon-jobs', {
        query: { status: 'dead', limit: 200 },
      })
      // One that is dead again already has had its retry.
      const ids = page.ok
        ? page.body.jobs.map(job => job.paymentId).filter(id => !begun.has(id))
        : []
      if (ids.length === 0)
        break
      ids.forEach(id => begun.add(id))
      await Promise.all(Array.from({ length: LANES }, async () => {
        for (let id = ids.shift(); id !== undefined && !retryProblem.value; id = ids.shift()) {
          if (await putBack(id)) {
            done++
            report.value = `${done} put back so far.`
          }
        }
      }))
      if (retryProblem.value)
        break
    }
    report.value = done === 1
      ? 'One job is in the queue again.'
      : `${done} jobs are in the queue again.`
    await list.load()
    mark('all', false)
  }

  return {
    ...list,
    problem: computed(() => retryProblem.value ?? list.problem.value),
    retrying: shallowReadonly(retrying),
    report: shallowReadonly(report),
    retry,
    retryAll,
  }
}
