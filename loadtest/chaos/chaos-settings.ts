import type { Config } from '../../compose/src/config.ts'
import type { Fault } from '../faults/fault.ts'
import { randomInt } from 'node:crypto'
import { resolve } from 'node:path'
import { z } from 'zod'
import { chaosReportFile, repoRoot } from '../../compose/src/config.ts'
import { Refusal } from '../../compose/src/refusal.ts'
import { durationInSeconds, readSettings, wholeNumber } from '../runner/setting-rules.ts'

const MAX_SEED = 2 ** 32 - 1
const DEFAULT_DURATION_S = 300
/** Payments per second that two shared cores settle with room to spare. */
const DEFAULT_RATE = 100

const environment = z.object({
  SEED: wholeNumber('the seed', MAX_SEED, 0).optional(),
  ROUNDS: wholeNumber('the number of rounds', 10_000).optional(),
  ROUND: wholeNumber('the round to repeat', 10_000).optional(),
  DURATION: durationInSeconds.optional(),
  RATE: wholeNumber('the rate in payments per second', 1_000).default(DEFAULT_RATE),
  FAULT: z.string().transform(text => text.split(',')).optional(),
  SYSTEM: z.string().transform(folder => resolve(repoRoot, folder)).optional(),
  CHAOS_REPORT: z.string().transform(file => resolve(repoRoot, file)).default(chaosReportFile),
})

export interface ChaosSettings {
  seed: number
  /** The rounds to run: the first, and how many at most. */
  rounds: { first: number, count: number }
  /** No round starts after this many seconds; undefined: no limit. */
  durationS: number | undefined
  /** Payments per second. */
  rate: number
  /** The faults to choose from. */
  faults: Fault[]
  mode: NonNullable<Config['mode']>
  /** The data folder of a running system to break; undefined: a system that the run starts itself. */
  system: string | undefined
  /** Where to leave the result for the console. */
  consoleReport: string
  /** The settings that choose what a seed chooses from, as the caller wrote them, for a shell: `FAULT=kill-worker MODE=compose`. */
  chosen: string
}

/** Reads what `make chaos` does. Throws a Refusal for a wrong value, an unknown fault or a system that was not started by it. */
export function readChaosSettings(env: NodeJS.ProcessEnv, config: Config, known: readonly Fault[]): ChaosSettings {
  for (const name of ['PAYMENTS_DATABASE_URL', 'PAYMENTS_API_URL']) {
    if (env[name])
      throw new Refusal(`${name} is set, but make chaos breaks what it tests: it starts a system of its own. Unset ${name}, or name the data folder of a running system with SYSTEM=folder.`)
  }
  const { SEED, ROUNDS, ROUND, DURATION, RATE, FAULT, SYSTEM, CHAOS_REPORT } = readSettings(environment, env)
  if (ROUND !== undefined && SEED === undefined)
    throw new Refusal(`ROUND=${ROUND} needs the SEED of the run that it repeats.`)
  if (ROUND !== undefined && (ROUNDS !== undefined || DURATION !== undefined))
    throw new Refusal(`ROUND=${ROUND} repeats one round, so ${ROUNDS === undefined ? 'DURATION' : 'ROUNDS'} has no effect. Leave one of them out.`)
  const mode = config.mode ?? 'embedded'
  return {
    seed: SEED ?? randomInt(MAX_SEED),
    rounds: ROUND === undefined ? { first: 1, count: ROUNDS ?? Infinity } : { first: ROUND, count: 1 },
    durationS: DURATION ?? (ROUNDS === undefined && ROUND === undefined ? DEFAULT_DURATION_S : undefined),
    rate: RATE,
    faults: chooseFaults(FAULT, mode, known),
    mode,
    system: SYSTEM,
    consoleReport: CHAOS_REPORT,
    chosen: ['FAULT', 'MODE', 'RATE', 'SYSTEM'].filter(name => env[name]).map(name => `${name}=${quoted(env[name]!)}`).join(' '),
  }
}

function chooseFaults(names: string[] | undefined, mode: NonNullable<Config['mode']>, known: readonly Fault[]): Fault[] {
  const possible = known.filter(({ modes }) => modes.includes(mode))
  if (!names)
    return possible
  return names.map((name) => {
    const fault = known.find(fault => fault.name === name)
    if (!fault)
      throw new Refusal(`FAULT=${name} is unknown. The faults are ${known.map(({ name }) => name).join(', ')}; separate several with commas.`)
    if (!possible.includes(fault))
      throw new Refusal(`FAULT=${name} cannot run with MODE=${mode}, only with MODE=${fault.modes.join(' or ')}.`)
    return fault
  })
}

/** For a shell. */
function quoted(value: string): string {
  return /^[\w./:,-]+$/.test(value) ? value : `'${value.replaceAll('\'', '\'\\\'\'')}'`
}
