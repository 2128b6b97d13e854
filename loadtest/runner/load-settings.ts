import type { Scenario, ScenarioSettings } from './scenarios.ts'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { Refusal } from '../../compose/src/refusal.ts'
import { MAX_PAYMENTS } from '../auditor/journal.ts'
import { scenarios } from './scenarios.ts'
import { durationInSeconds, readSettings, wholeNumber } from './setting-rules.ts'

/** Keeps scenarios without a RATE below MAX_PAYMENTS. */
const MAX_DURATION_WITHOUT_RATE_S = 300
/** Open files per virtual user: one connection to each API process, with room to spare. */
const FILES_PER_VU = 4
/** Open files of k6 itself. */
const FILES_OF_K6 = 200

const names = scenarios.map(({ name }) => name)

const environment = z.object({
  SCENARIO: z.string().transform(text => text.split(',')).refine(chosen => chosen.every(name => names.includes(name)), `the scenarios are ${names.join(', ')}; separate several with commas`).optional(),
  VUS: wholeNumber('the number of virtual users', 10_000).optional(),
  RATE: wholeNumber('the rate in payments per second', 20_000).optional(),
  DURATION: durationInSeconds.optional(),
})

/** A scenario and the settings to run it with. */
export interface ScenarioRun { scenario: Scenario, settings: ScenarioSettings }

/**
 * Reads which scenarios to run, and with which settings. Throws a Refusal for a value that is wrong, that no chosen scenario
 * uses, or that exceeds the limits of this machine or of the auditor.
 */
export function readLoadSettings(env: NodeJS.ProcessEnv, maxOpenFiles = readMaxOpenFiles()): ScenarioRun[] {
  const { SCENARIO, ...numbers } = readSettings(environment, env)
  const chosen = scenarios.filter(({ name, manualOnly }) => SCENARIO ? SCENARIO.includes(name) : !manualOnly)
  for (const name of ['VUS', 'DURATION', 'RATE'] as const) {
    if (numbers[name] !== undefined && !chosen.some(({ defaults }) => defaults[name] !== undefined))
      throw new Refusal(`${name} has no effect on ${SCENARIO!.join(' and ')}, which ${describeSettings(chosen[0]!)}.`)
  }
  if (env.WORKERS && chosen.every(({ scalesWorkers }) => scalesWorkers))
    throw new Refusal(`WORKERS has no effect on ${chosen[0]!.name}, which scales the workers itself.`)
  const runs = chosen.map(scenario => ({
    scenario,
    settings: Object.fromEntries(Object.entries(scenario.defaults).map(([name, byDefault]) => [name, numbers[name as keyof ScenarioSettings] ?? byDefault])) as ScenarioSettings,
  }))
  runs.forEach(run => requireWithinLimits(run, maxOpenFiles))
  return runs
}

function requireWithinLimits({ scenario: { name, filesPerVu = FILES_PER_VU }, settings: { VUS = 0, DURATION = 0, RATE } }: ScenarioRun, maxOpenFiles: number): void {
  const neededFiles = VUS * filesPerVu + FILES_OF_K6
  if (neededFiles > maxOpenFiles)
    throw new Refusal(`${name} with VUS=${VUS} needs ${neededFiles} open files, and this shell allows ${maxOpenFiles}: run \`ulimit -n ${neededFiles}\`, or choose fewer VUS.`)
  if (RATE !== undefined && RATE * DURATION > MAX_PAYMENTS)
    throw new Refusal(`${name} with RATE=${RATE} for ${DURATION} s makes ${RATE * DURATION} payments, and the auditor compares at most ${MAX_PAYMENTS}: choose a smaller RATE or DURATION.`)
  if (RATE === undefined && DURATION > MAX_DURATION_WITHOUT_RATE_S)
    throw new Refusal(`${name} pays as fast as it can, so its DURATION is at most ${MAX_DURATION_WITHOUT_RATE_S}s.`)
}

function describeSettings({ defaults }: Scenario): string {
  return Object.keys(defaults).length > 0 ? `takes ${Object.keys(defaults).join(', ')}` : 'takes no settings'
}

/** How many files a child process may open: it inherits this process's limit, which Node has raised as far as allowed. */
function readMaxOpenFiles(): number {
  try {
    const [, soft] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === undefined || soft === 'unlimited' ? Infinity : Number(soft)
  }
  catch {
    return Infinity // without /proc, k6 reports the shortage
  }
}
