import type { Poison } from './queue-model.ts'
import type { Fault } from './simulated-postgres.ts'
import { QueueModel } from './queue-model.ts'
import { useServer } from './simulated-connection.ts'
import { SimulatedPostgres } from './simulated-postgres.ts'
import { SimulatedWorker } from './simulated-worker.ts'
import { nowMs, runUntil, startSchedule } from './virtual-clock.ts'

/** What happens at a virtual time, besides the faults of single operations. */
export type Incident
  = | { kind: 'outage' | 'read-only' | 'account held', forMs: number }
    | { kind: 'restart' | 'pause' | 'resume' | 'kill' | 'redeploy' | 'listen lost' | 'listen silent' }

/** All that a schedule depends on. */
export interface Scenario {
  /** Decides the latencies and everything else that is random. */
  seed: number
  workers: number
  batchSize: number
  batchesInFlight: number
  payments: { atMs: number, amount: string, account: string, poison: Poison | undefined }[]
  faults: Fault[]
  incidents: (Incident & { atMs: number })[]
}

export interface Outcome { model: QueueModel, server: SimulatedPostgres, settledInTime: boolean, drained: boolean }

/** Virtual time for everything to settle once the faults have ended: an outage's backoff, a full scan, two attempts, LISTEN's reconnect. */
const SETTLE_WITHIN_MS = 30_000
/** As in main.ts. */
const DRAIN_WITHIN_MS = 15_000

/** Runs our worker against the model until everything has settled, then drains it. `knex` runs Knex itself instead of the light one. */
export async function simulateWorkers(scenario: Scenario, { knex = false } = {}): Promise<Outcome> {
  const model = new QueueModel()
  const server = new SimulatedPostgres(startSchedule(scenario.seed), scenario.faults, model.execute)
  model.server = server
  useServer(server)
  server.onNotification = (channel, payload) => {
    if (channel === 'payment_events')
      model.announce(payload)
  }
  const workers = Array.from({ length: scenario.workers }, (_, n) => new SimulatedWorker(`w${n}`, server, { ...scenario, knex }))
  scenario.payments.forEach((payment, n) => setTimeout(() => model.accept(`p${String(n).padStart(2, '0')}`, payment), payment.atMs))
  for (const incident of scenario.incidents)
    setTimeout(happen, incident.atMs, incident, { model, server, workers })
  workers.forEach(worker => worker.start())

  const healAtMs = Math.max(0, ...[...scenario.payments, ...scenario.incidents].map(each => each.atMs + ('forMs' in each ? each.forMs : 0))) + 1
  await runUntil(() => false, healAtMs)
  server.heal()
  model.resume()
  const isSettled = (): boolean => [...model.payments.values()].every(({ job }) => job.value!.status !== 'pending')
  const settledInTime = await runUntil(isSettled, healAtMs + SETTLE_WITHIN_MS)
  workers.forEach(worker => worker.stop())
  const drained = await runUntil(() => workers.every(worker => worker.hasStopped), nowMs() + DRAIN_WITHIN_MS)
  return { model, server, settledInTime, drained }
}

function happen(incident: Incident, { model, server, workers }: { model: QueueModel, server: SimulatedPostgres, workers: SimulatedWorker[] }): void {
  const worker = workers[Math.floor(server.random() * workers.length)]!
  const listeners = [...server.sessions].filter(session => session.isListening())
  switch (incident.kind) {
    case 'outage':
      server.available = false
      server.endSessions()
      setTimeout(() => server.available = true, incident.forMs)
      return
    case 'read-only':
      server.readOnly = true
      setTimeout(() => server.readOnly = false, incident.forMs)
      return
    case 'account held': return model.holdAccount('a0', incident.forMs)
    case 'restart': return server.endSessions()
    case 'pause': return model.pause()
    case 'resume': return model.resume()
    case 'kill': return worker.kill()
    case 'redeploy': return worker.stop({ startAgain: true })
    case 'listen lost': return listeners.forEach(session => session.terminate())
    case 'listen silent': return listeners.forEach(session => session.deafen())
  }
}
