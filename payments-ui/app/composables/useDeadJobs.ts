import type { Problem } from '#shared/types/problem'
import type { ReconJob, ReconJobPage, RetriedReconJobs } from '#shared/types/recon-job'

/** The API stops counting at this number. */
const MAX_COUNTED = 100_000

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

  async function retry(paymentId: string): Promise<void> {
    if (retrying.value.has(paymentId))
      return
    retryProblem.value = null
    report.value = ''
    mark(paymentId, true)
    const result = await fetchJson<ReconJob>(`/api/recon-jobs/${encodeURIComponent(paymentId)}/retry`, { method: 'POST' })
    if (result.ok)
      report.value = 'The job is in the queue again.'
    else if (result.problem.type === '/problems/job-not-dead')
      report.value = 'The job was not dead any more: somebody else had put it back.'
    else
      retryProblem.value = result.problem
    await list.load()
    mark(paymentId, false)
  }

  /**
   * Retries every dead job, or every one with this error, including jobs that are not loaded. Retries no more jobs than were
   * dead at first: a job that dies again meanwhile has had its retry.
   */
  async function retryAll(error?: string): Promise<void> {
    if (retrying.value.has('all'))
      return
    retryProblem.value = null
    report.value = ''
    mark('all', true)
    let dead = Infinity
    let done = 0
    let remaining = 0
    while (done < dead) {
      const result = await fetchJson<RetriedReconJobs>('/api/recon-jobs/retry', { method: 'POST', body: { error } })
      if (!result.ok) {
        retryProblem.value = result.problem
        break
      }
      done += result.body.retried
      remaining = result.body.remaining
      if (dead === Infinity)
        dead = done + remaining
      if (result.body.retried === 0)
        break
      report.value = `${count(done)} put back so far, ${count(remaining)} to go.`
    }
    report.value = retryProblem.value
      ? done > 0 ? `${inTheQueue(done)} Then a request failed.` : ''
      : remaining > 0 ? `${inTheQueue(done)} ${areDead(remaining)}` : inTheQueue(done)
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

function count(jobs: number): string {
  return `${jobs.toLocaleString('en')}${jobs === MAX_COUNTED ? ' or more' : ''}`
}

function inTheQueue(jobs: number): string {
  return jobs === 1
    ? 'One job is in the queue again.'
    : `${jobs.toLocaleString('en')} jobs are in the queue again.`
}

function areDead(jobs: number): string {
  return jobs === 1
    ? 'One is still dead.'
    : `${count(jobs)} are still dead.`
}
