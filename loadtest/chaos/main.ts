// `make chaos`: breaks a running system under load, round by round, and proves after each that nothing was lost.
import type { Fault } from '../faults/fault.ts'
import type { System } from '../runner/with-system.ts'
import { relative } from 'node:path'
import { styleText } from 'node:util'
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

await runVerb(async (config) => {
  const settings = readChaosSettings(process.env, config, faults)
  const interrupted = abortOnSignals(() => console.log('\nInterrupted: stopping the faults, then the system.'))
  const path = (file: string) => relative(process.env.INIT_CWD ?? process.cwd(), file)
  const startedAt = Date.now()
  const system = await openSystem(config, settings, interrupted.signal)
  try {
    console.log(`SEED=${settings.seed}, ${settings.rate} payments/s, against ${system.description}`)
    const available = await chooseAvailable(settings.faults, system)
    const { results, redFolder } = await runRounds(system, { ...settings, faults: available }, interrupted.signal)
    if (interrupted.signal.aborted || results.length === 0)
      return 1

    const findings = new Findings()
    const invariants = await checkBooks(system.stack.endpoints().databaseUrl, findings)
    const report = writeChaosReport({ settings, description: system.description, results, invariants, findings: findings.lines, faults: available, tookMs: Date.now() - startedAt })
    const red = results.filter(({ verdict }) => verdict === 'red').length
    const late = results.filter(({ verdict }) => verdict === 'late').length
    const payments = results.reduce((sum, result) => sum + result.payments, 0)
    console.log(`\n${results.length} rounds in ${duration(Date.now() - startedAt)}, ${payments.toLocaleString('en')} payments: ${red} red, ${late} later than the goal.`)
    if (findings.lines.length > 0 && red === 0)
      console.log([styleText('red', 'The books are broken:'), ...indented(findings.lines)].join('\n'))
    else if (findings.lines.length === 0)
      console.log(`All ${invariants.length} invariants of the ledger hold over all payments.`)
    if (redFolder)
      console.log(`What happened in the red round: ${path(redFolder)}\nRepeat it: ${repeatCommand(settings, results.at(-1)!.round)}`)
    console.log(`Report: ${path(report)}`)
    return red + late + findings.lines.length > 0 ? 1 : 0
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
