import type { Latencies } from './latency-buckets.ts'
import type { Outcome } from './payment.ts'
import type { Settlement } from './settled-notification.ts'
import type { WorkerCounter } from './worker-progress.ts'
import { countLatency, noLatencies, percentile, settleLatencyMs } from './latency-buckets.ts'
import { workerProgress } from './worker-progress.ts'

/** The spans of the history, and the step of each in seconds. */
export const SPANS = { '15m': { stepSeconds: 5, steps: 180 }, '6h': { stepSeconds: 120, steps: 180 } } as const
export type Span = keyof typeof SPANS
/** A worker reports its counter every 5 s: a shorter step would jump by a whole report. */
const WORKER_STEP_SECONDS = 15
/** Workers counted in a step; those that settled nothing take no room. */
const MAX_WORKERS = 200

export interface ActivityStep {
  /** When the step began, in Unix seconds. */
  at: number
  settled: Record<Outcome, number>
  /** From accepted to settled, in ms, within 5 % or 1 ms; null if nothing settled. */
  p50: number | null
  p95: number | null
  /** Jobs in the queue, as last read in this step; null if it was not read. */
  waiting: number | null
}

interface KeptStep extends Omit<ActivityStep, 'p50' | 'p95'> {
  latencies: Latencies
  /** What each worker settled. */
  byWorker: Map<string, number>
}

export interface WorkerHistory {
  stepSeconds: number
  /** What the worker settled, and what all workers did. */
  steps: { at: number, settled: number, settledByAll: number }[]
}

export interface ActivityHistory {
  recordSettled: (payments: Pick<Settlement, 'id' | 'outcome'>[]) => void
  recordQueue: (waiting: number) => void
  /** Takes the counters of all workers, as just read. */
  recordWorkers: (workers: readonly WorkerCounter[]) => void
  /** The steps of a span since the process started, oldest first. The last one has not ended. */
  read: (span: Span) => ActivityStep[]
  /** The same for one worker, in whole steps of at least 15 s. A worker that settled nothing, or that nobody knows, has zeros. */
  readWorker: (id: string, span: Span) => WorkerHistory
}

/**
 * What settled in the last minutes and hours, and how long the queue was. Each API process keeps it in memory, from the
 * notifications that it receives, so it starts with the process. It takes about 0.4 MB,
 * and a few bytes for each worker and step.
 */
export function activityHistory(nowMs: () => number = Date.now): ActivityHistory {
  const startedAt = nowMs() / 1_000
  const progressSince = workerProgress()
  const rings = Object.fromEntries(Object.entries(SPANS).map(([span, { steps }]) => [span, Array.from({ length: steps }, () => newStep(-1))])) as Record<Span, KeptStep[]>

  /** The current step of each span; a step of an earlier round is cleared first. */
  function currentSteps(): KeptStep[] {
    return (Object.keys(SPANS) as Span[]).map((span) => {
      const { stepSeconds, steps } = SPANS[span]
      const number = Math.floor(nowMs() / 1_000 / stepSeconds)
      const step = rings[span][number % steps]!
      return step.at === number * stepSeconds ? step : Object.assign(step, newStep(number * stepSeconds))
    })
  }

  return {
    recordSettled: (payments) => {
      const now = nowMs()
      const steps = currentSteps()
      for (const { id, outcome } of payments) {
        const latencyMs = settleLatencyMs(id, now)
        for (const step of steps) {
          step.settled[outcome]++
          countLatency(step.latencies, latencyMs)
        }
      }
    },
    recordQueue: (waiting) => {
      for (const step of currentSteps())
        step.waiting = waiting
    },
    recordWorkers: (workers) => {
      const progress = [...progressSince(workers)].filter(([, settled]) => settled > 0)
      for (const { byWorker } of currentSteps()) {
        for (const [id, settled] of progress) {
          if (byWorker.has(id) || byWorker.size < MAX_WORKERS)
            byWorker.set(id, (byWorker.get(id) ?? 0) + settled)
        }
      }
    },
    read: span => keptSteps(span).map(stepOf),
    readWorker: (id, span) => {
      const stepSeconds = Math.max(SPANS[span].stepSeconds, WORKER_STEP_SECONDS)
      const merged = [...Map.groupBy(keptSteps(span), ({ at }) => at - at % stepSeconds)]
      const firstIsWhole = merged[0]![0] === merged[0]![1][0]!.at
      return { stepSeconds, steps: merged.slice(firstIsWhole || merged.length === 1 ? 0 : 1).map(([at, steps]) => ({ at, ...sumWorker(id, steps) })) }
    },
  }

  /** The steps of a span, oldest first, with empty ones where nothing was recorded. */
  function keptSteps(span: Span): KeptStep[] {
    const { stepSeconds, steps } = SPANS[span]
    const last = Math.floor(nowMs() / 1_000 / stepSeconds)
    const first = Math.max(last - steps + 1, Math.floor(startedAt / stepSeconds))
    return Array.from({ length: last - first + 1 }, (_, i) => {
      const kept = rings[span][(first + i) % steps]!
      const at = (first + i) * stepSeconds
      return kept.at === at ? kept : newStep(at)
    })
  }
}

function newStep(at: number): KeptStep {
  return { at, settled: { matched: 0, discrepancy: 0, failed: 0 }, latencies: noLatencies(), waiting: null, byWorker: new Map() }
}

function sumWorker(id: string, steps: KeptStep[]): { settled: number, settledByAll: number } {
  let [settled, settledByAll] = [0, 0]
  for (const { byWorker } of steps) {
    settled += byWorker.get(id) ?? 0
    for (const count of byWorker.values())
      settledByAll += count
  }
  return { settled, settledByAll }
}

function stepOf({ at, settled, latencies, waiting }: KeptStep): ActivityStep {
  return { at, settled, p50: percentile(latencies, 0.5), p95: percentile(latencies, 0.95), waiting }
}
