import type { Problem } from '#shared/types/problem'
import type { ReconJob, ReconJobPage, RetriedReconJobs } from '#shared/types/recon-job'

/** The dead jobs, and how to retry them. */
export function useDeadJobs() {
  const list = useCursorList<ReconJobPage, ReconJob>({
    name: 'dead-jobs',
    path: '/api/recon-jobs',
    query: ref({ status: 'dead' }),
    rowsOf: page => page.jobs,
    keyOf: job => subjectOf(job).id,
  })
  /** Ids of payments and refunds whose job is being retried; contains 'all' during a bulk retry. */
  const retrying = shallowRef<ReadonlySet<string>>(new Set())
  /** The result of the last retry, as a sentence. */
  const report = ref('')
  const retryProblem = shallowRef<Problem | null>(null)

  function setRetrying(id: string, on: boolean): void {
    const next = new Set(retrying.value)
    if (on)
      next.add(id)
    else
      next.delete(id)
    retrying.value = next
  }

  async function retry(id: string): Promise<void> {
    if (retrying.value.has(id))
      return
    retryProblem.value = null
    report.value = ''
    setRetrying(id, true)
    const result = await fetchJson<ReconJob>(`/api/recon-jobs/${encodeURIComponent(id)}/retry`, { method: 'POST' })
    if (result.ok)
      report.value = 'The job is back in the queue.'
    else if (result.problem.type === '/problems/job-not-dead')
      report.value = 'The job is no longer dead: someone else has retried it.'
    else
      retryProblem.value = result.problem
    await list.load()
    setRetrying(id, false)
  }

  /**
   * Retries every dead job, or every one with this error, including jobs that are not loaded. Stops after as many jobs as
   * were dead at the start, so that a job that dies again meanwhile is not retried twice.
   */
  async function retryAll(error?: string): Promise<void> {
    if (retrying.value.has('all'))
      return
    retryProblem.value = null
    report.value = ''
    setRetrying('all', true)
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
      report.value = `${count(done)} retried so far, ${count(remaining)} to go.`
    }
    report.value = retryProblem.value
      ? done > 0 ? `${backInQueue(done)} Then a request failed.` : ''
      : remaining > 0
        ? `${backInQueue(done)} ${stillDead(remaining)}`
        : done > 0 ? backInQueue(done) : 'No job was dead any more: someone else has retried them.'
    await list.load()
    setRetrying('all', false)
  }

  return {
    ...list,
    /** Why the last retry failed; null if it succeeded. */
    retryProblem: shallowReadonly(retryProblem),
    retrying: shallowReadonly(retrying),
    report: shallowReadonly(report),
    retry,
    retryAll,
  }
}

function count(jobs: number): string {
  return `${jobs.toLocaleString('en')}${jobs === MAX_COUNTED ? ' or more' : ''}`
}

function backInQueue(jobs: number): string {
  if (jobs === 0)
    return 'No job was retried.'
  return jobs === 1
    ? 'One job is back in the queue.'
    : `${jobs.toLocaleString('en')} jobs are back in the queue.`
}

function stillDead(jobs: number): string {
  return jobs === 1
    ? 'One is still dead.'
    : `${count(jobs)} are still dead.`
}
