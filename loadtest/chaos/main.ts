// `make chaos`: breaks a running system under load, round by round, and proves after each that nothing was lost.
import type { Fault } from '../faults/fault.ts'
import type { System } from '../runner/with-system.ts'
import type { ChaosRun } from './write-chaos-report.ts'
import { relative } from 'node:path'
import { styleText } from 'node:util'
import { count } from '../../compose/src/count.ts'
import { Refusal } from '../../compose/src/refusal.ts'
import { abortOnSignals, duration, runVerb } from '../../compose/src/verb.ts'
import { checkBooks } from '../auditor/check-books.ts'
import { Findings } from '../auditor/findings.ts'
import { faults } from '../faults/faults.ts'
import { readChaosSettings } from './chaos-settings.ts'
import { indented } from './describe-round.ts'
import { repeatCommand } from './keep-red-round.ts'
import { openSystem } from './open-system.ts'
import { runRounds } from './run-rounds.ts'
import { writeChaosReport } from './write-chaos-report.ts'
import { writeConsoleReport } from './write-console-report.ts'

await runVerb(async (config) => {
  const settings = readChaosSettings(process.env, config, faults)
  const interrupted = abortOnSignals(() => console.log('\nInterrupted: stopping the faults, then the system.'))
  const startedAt = Date.now()
  const system = await openSystem(config, settings, interrupted.signal)
  try {
    console.log(`SEED=${settings.seed}, ${settings.rate} payments/s, against ${system.description}`)
    const available = await chooseAvailable(settings.faults, system)
    const { results, redFolder, failure } = await runRounds(system, { ...settings, faults: available }, interrupted.signal)
    const isComplete = !failure && !interrupted.signal.aborted
    const findings = new Findings()
    const invariants = isComplete ? await checkBooks(system.stack.endpoints().databaseUrl, findings) : []
    const run = { settings, description: system.description, results, invariants, findings: findings.lines, faults: available, tookMs: Date.now() - startedAt }
    if (results.length > 0)
      report(run, redFolder)
    if (isComplete)
      writeConsoleReport(settings.consoleReport, run)
    if (failure)
      throw failure
    return isComplete && results.length > 0 && findings.lines.length === 0 && results.every(({ verdict }) => verdict === 'ok') ? 0 : 1
  }
  finally {
    await system.remove()
  }
})

/** The faults that can run here. Prints why the others cannot; throws a Refusal if none can. */
async function chooseAvailable(faults: readonly Fault[], system: System): Promise<Fault[]> {
  const available = []
  for (const fault of faults) {
    const why = await fault.unavailable?.(system)
    if (why)
      console.log(`skipped ${fault.name}: ${why}`)
    else
      available.push(fault)
  }
  if (available.length === 0)
    throw new Refusal(`None of these faults can run against ${system.description}: ${faults.map(({ name }) => name).join(', ')}. The lines above say why.`)
  return available
}

/** Writes the report of a run, and sums it up on the terminal. */
function report(run: ChaosRun, redFolder: string | undefined): void {
  const { settings, results, invariants, findings, tookMs } = run
  const path = (file: string): string => relative(process.env.INIT_CWD ?? process.cwd(), file)
  const file = writeChaosReport(run)
  const red = results.filter(({ verdict }) => verdict === 'red').length
  const late = results.filter(({ verdict }) => verdict === 'late').length
  const payments = results.reduce((sum, result) => sum + result.payments, 0)
  console.log(`\n${count(results.length, 'round')} in ${duration(tookMs)}, ${payments.toLocaleString('en')} payments: ${red} red, ${late} later than the goal.`)
  if (findings.length > 0 && red === 0)
    console.log([styleText('red', 'The books are broken:'), ...indented(findings)].join('\n'))
  else if (findings.length === 0)
    console.log(invariants.length > 0 ? `All ${invariants.length} invariants of the ledger hold over all payments.` : 'The run ended early: each round was audited, all payments together were not.')
  if (redFolder)
    console.log(`What happened in the red round: ${path(redFolder)}\nRepeat it: ${repeatCommand(settings, results.at(-1)!.round)}`)
  console.log(`Report: ${path(file)}`)
}
