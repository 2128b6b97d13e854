import type { System } from '../runner/with-system.ts'
import type { RoundResult } from './judge-round.ts'
import type { RoundPlan } from './schedule.ts'
import type { Strike } from './seeded-fault.ts'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { injectFaults } from '../faults/inject-faults.ts'
import { auditRound } from './audit-round.ts'
import { createClient } from './client.ts'
import { openJournal } from './journal-writer.ts'
import { judgeRound } from './judge-round.ts'
import { measureRecovery } from './measure-recovery.ts'
import { seededFault } from './seeded-fault.ts'
import { startGenerator } from './start-generator.ts'
import { waitUntilHealthy } from './wait-until-healthy.ts'

/** So that callers meet the recovered system too. */
const LOAD_AFTER_MS = 500

/** What a round is run with. */
export interface RoundSetting {
  /** The prefix of the round's keys and accounts. */
  runId: string
  /** An empty folder for the journals. */
  folder: string
  rate: number
  /** Ends the faults, and then the round without an audit. */
  signal: AbortSignal
  /** Called when the faults strike. */
  onStrike: (strikes: Strike[], at: Date) => void
}

/** Runs a round: load, faults, recovery, audit. Returns null if the signal aborted it; the faults are stopped also then. */
export async function runRound(system: System, plan: RoundPlan, { runId, folder, rate, signal, onStrike }: RoundSetting): Promise<RoundResult | null> {
  const from = Date.now()
  const { apis } = system
  const journal = openJournal(join(folder, 'runner.jsonl'))
  const client = createClient(journal)
  const generator = await startGenerator({ folder, runId, seed: plan.generatorSeed, rate, apis })
  try {
    await delay(plan.loadBeforeMs, null, { signal }).catch(() => {})
    const strikes: Strike[] = []
    let at = new Date()
    const faults = plan.faults.map(({ fault, seed }) => seededFault(fault, seed, (strike) => {
      if (strikes.push(strike) === 1)
        at = new Date()
      if (strikes.length === plan.faults.length)
        onStrike(strikes, at)
    }))
    await injectFaults(faults, system, { maxMs: plan.holdMs, until: async () => signal.aborted })
    const heldMs = Date.now() - at.getTime()
    const recoveryMs = await measureRecovery(client.call, `${runId}-probe`, apis, signal)
    const unhealthy = await waitUntilHealthy(system.stack, signal) // another process may have settled the payment
    await delay(LOAD_AFTER_MS, null, { signal }).catch(() => {})
    await generator.stopCallers()
    if (signal.aborted)
      return null

    const audit = await auditRound(system, { folder, runId, generator, client: client.call, from, excuses: new Set(plan.faults.flatMap(({ fault }) => fault.excuses ?? [])) })
    const result = judgeRound(plan, { strikes, at, heldMs, recoveryMs, unhealthy }, audit)
    if (result.verdict === 'red')
      writeFileSync(join(folder, 'findings.json'), `${JSON.stringify(audit.findings.all, null, 2)}\n`)
    return result
  }
  finally {
    generator.kill()
    client.close()
    await journal.close()
  }
}
