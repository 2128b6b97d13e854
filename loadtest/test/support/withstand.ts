import type { Fault } from '../../faults/fault.ts'
import type { ChaosSystem } from '../../runner/chaos-system.ts'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { readConfig } from '../../../compose/src/config.ts'
import { createRandom } from '../../faults/random.ts'
import { chaosSystem } from '../../runner/chaos-system.ts'

/** The first build of the images takes minutes. */
const START_TIMEOUT_MS = 900_000
/** The fault's goal is for a quiet machine, and the chaos runner judges it. */
const RECOVERY_DEADLINE_MS = 90_000
const REQUEST_TIMEOUT_MS = 3_000
const POLL_MS = 20
const SEED = 11

type Mode = 'embedded' | 'compose'
const started: Partial<Record<Mode, ChaosSystem>> = {}

// A root hook: after the last test of the last file.
after(async function () {
  this.timeout(START_TIMEOUT_MS)
  await started.embedded?.remove()
  await started.compose?.remove()
})

/** One system for all tests of faults, in every file: a start takes 20 s. Call it inside describe(); `system()` once a test runs. */
export function startChaosSystem(mode: Mode = 'embedded'): () => ChaosSystem {
  before(async function () {
    this.timeout(START_TIMEOUT_MS)
    started[mode] ??= await chaosSystem(readConfig(pick(process.env)), mode, new AbortController().signal)
  })
  return () => started[mode]!
}

/** What Docker's programs need, and no setting of the system. */
function pick(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => /^(?:PATH|HOME|DOCKER_\w+)$/.test(name)))
}

/**
 * Starts the fault, observes its effect, stops it twice, and waits until a new payment settles.
 * @returns the milliseconds that took, which are printed too
 */
export async function withstand(system: ChaosSystem, fault: Fault, observe: (targets: string[]) => Promise<unknown>): Promise<void> {
  assert.equal(await fault.unavailable?.(system) ?? null, null)
  const random = createRandom(SEED)
  await fault.stop(system, await fault.targets(system, random)) // undoes what never started
  const targets = await fault.targets(system, random)
  try {
    await fault.start(system, targets, random)
    await observe(targets)
  }
  finally {
    await fault.stop(system, targets)
  }
  const stoppedAt = Date.now()
  await settle(system)
  console.log(`      ${fault.name} (${targets.join(', ')}): settled again after ${Date.now() - stoppedAt} ms, goal ${fault.recoveryGoalMs} ms`)
  await fault.stop(system, targets)
  await settle(system)
}

/** Pays with one key until an API accepts, then waits until the payment is settled. Throws at the deadline. */
export async function settle({ apis }: { apis: string[] }, deadlineMs = RECOVERY_DEADLINE_MS): Promise<string> {
  const deadline = Date.now() + deadlineMs
  const key = randomUUID()
  const ask = async (path: string, init?: RequestInit): Promise<{ status: number, body?: { id: string, status: string } }> => {
    const api = apis[Math.floor(Math.random() * apis.length)]!
    try {
      const response = await fetch(`${api}${path}`, { ...init, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) })
      return { status: response.status, body: await response.json() as { id: string, status: string } }
    }
    catch {
      return { status: 0 }
    }
  }
  let last = 0
  while (Date.now() < deadline) {
    const { status, body } = await ask('/payments', { method: 'POST', headers: { 'Idempotency-Key': key, 'Content-Type': 'application/json' }, body: JSON.stringify({ accountId: 'probe', amount: '1.00' }) })
    last = status
    if (status === 200 || status === 201) {
      while (Date.now() < deadline) {
        const found = await ask(`/payments/${body!.id}`)
        if (found.body?.status === 'completed')
          return body!.id
        await delay(POLL_MS)
      }
    }
    await delay(POLL_MS)
  }
  throw new Error(last === 200 || last === 201 ? 'the payment did not settle in time' : `no API accepted the payment in time; the last status was ${last}`)
}
