// `make load`: runs the scenarios with k6 against the running system, or against a temporary one.
import type { ScenarioOutcome } from './run-scenario.ts'
import { relative } from 'node:path'
import { abortOnSignals, duration, runVerb } from '../../compose/src/verb.ts'
import { describeOutcome } from './describe-outcome.ts'
import { findK6 } from './find-k6.ts'
import { readLoadSettings } from './load-settings.ts'
import { runScenario } from './run-scenario.ts'
import { withSystem } from './with-system.ts'
import { writeReport } from './write-report.ts'

await runVerb(async (config) => {
  const runs = readLoadSettings(process.env)
  const interrupted = abortOnSignals()

  const k6 = await findK6(console.log)
  const startedAt = Date.now()
  return withSystem(config, interrupted.signal, async (system) => {
    console.log(`${k6.name}, against ${system.description}`)
    const outcomes: ScenarioOutcome[] = []
    for (const run of runs) {
      if (interrupted.signal.aborted)
        break
      const outcome = await runScenario(system, k6, run, interrupted.signal)
      console.log(describeOutcome(outcome))
      outcomes.push(outcome)
    }
    const report = writeReport(outcomes, `${k6.name}, against ${system.description}`)
    const failed = outcomes.filter(({ passed }) => !passed).map(({ run }) => run.scenario.name)
    const invariants = outcomes.at(-1)?.audit?.invariants.length ?? 0
    console.log(failed.length > 0 ? `\nFailed: ${failed.join(', ')}.` : `\nAll thresholds hold, and all ${invariants} invariants of the ledger held after each scenario.`)
    console.log(`Finished in ${duration(Date.now() - startedAt)}. Report: ${relative(process.env.INIT_CWD ?? process.cwd(), report)}`)
    return failed.length > 0 || interrupted.signal.aborted ? 1 : 0
  })
})
