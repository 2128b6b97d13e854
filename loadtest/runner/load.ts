// Runs the scenarios with k6 against the system that runs here, or one of its own: `make load`.
import type { Outcome } from './run-scenario.ts'
import { relative } from 'node:path'
import { duration, runVerb } from '../../compose/src/verb.ts'
import { findK6 } from './find-k6.ts'
import { writeReport } from './report.ts'
import { runScenario } from './run-scenario.ts'
import { readLoadSettings } from './settings.ts'
import { withSystem } from './system.ts'
import { describe } from './terminal.ts'

await runVerb(async (config) => {
  const chosen = readLoadSettings(process.env)
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => interrupted.abort())

  const k6 = await findK6(console.log)
  const begin = Date.now()
  return withSystem(config, interrupted.signal, async (system) => {
    console.log(`${k6.name}, against ${system.description}`)
    const outcomes: Outcome[] = []
    for (const each of chosen) {
      if (interrupted.signal.aborted)
        break
      const outcome = await runScenario(system, k6, each, interrupted.signal)
      console.log(describe(outcome))
      outcomes.push(outcome)
    }
    const report = writeReport(outcomes, `${k6.name}, against ${system.description}`)
    const failed = outcomes.filter(({ passed }) => !passed).map(({ chosen }) => chosen.scenario.name)
    const invariants = outcomes.at(-1)?.audit?.invariants.length ?? 0
    console.log(failed.length > 0 ? `\nFailed: ${failed.join(', ')}.` : `\nAll thresholds hold, ${invariants} invariants of the ledger after each scenario among them.`)
    console.log(`${duration(Date.now() - begin)}. Report: ${relative(process.env.INIT_CWD ?? process.cwd(), report)}`)
    return failed.length > 0 || interrupted.signal.aborted ? 1 : 0
  })
})
