import type { Scenario, Takes } from './scenarios.ts'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { Refusal } from '../../compose/src/refusal.ts'
import { MOST_PAYMENTS } from '../auditor/journal.ts'
import { scenarios } from './scenarios.ts'

/** Seconds. Those that pay as fast as they can are held to MOST_PAYMENTS by this. */
const LONGEST_AT_FULL_SPEED = 300
/** A VU keeps a connection to each API process, and k6 has some files of its own. */
const FILES_A_VU = 4
const FILES_BESIDE = 200

const names = scenarios.map(({ name }) => name)

function wholeNumber(what: string, most: number) {
  const allowed = `${what} is a whole number from 1 to ${most}`
  return z.string().regex(/^\d{1,9}$/, allowed).transform(Number).refine(n => n >= 1 && n <= most, allowed)
}

const duration = 'a duration is written as in 30s, 5m or 1h30m, and is from 1s to 24h'
const environment = z.object({
  SCENARIO: z.string().transform(text => text.split(',')).refine(chosen => chosen.every(name => names.includes(name)), `the scenarios are ${names.join(', ')}; several are separated by commas`).optional(),
  VUS: wholeNumber('the number of virtual users', 10_000).optional(),
  RATE: wholeNumber('the rate, in payments a second,', 20_000).optional(),
  DURATION: z.string().regex(/^(?=.)(?:\d{1,2}h)?(?:\d{1,4}m)?(?:\d{1,5}s)?$/, duration).transform(seconds).refine(s => s >= 1 && s <= 86_400, duration).optional(),
})

/** A scenario with the numbers that it is to run with. */
export interface Chosen { scenario: Scenario, takes: Takes }

/**
 * Reads which scenarios are to run, and how. Throws a Refusal for a value that is wrong, that no chosen scenario takes,
 * or that this machine or the auditor has no room for.
 */
export function readLoadSettings(env: NodeJS.ProcessEnv, openFiles = openFilesAllowed()): Chosen[] {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = environment.safeParse(given)
  if (!parsed.success)
    throw new Refusal(parsed.error.issues.map(({ path: [name], message }) => `${String(name)}=${env[String(name)]} is wrong: ${message}`).join('; '))
  const { SCENARIO, ...numbers } = parsed.data
  const chosen = scenarios.filter(({ name, byHand }) => SCENARIO ? SCENARIO.includes(name) : !byHand)
  for (const name of ['VUS', 'DURATION', 'RATE'] as const) {
    if (numbers[name] !== undefined && !chosen.some(({ takes }) => takes[name] !== undefined))
      throw new Refusal(`${name} means nothing to ${SCENARIO!.join(' and ')}, which ${describeTakes(chosen[0]!)}`)
  }
  if (given.WORKERS !== undefined && chosen.every(({ scalesWorkers }) => scalesWorkers))
    throw new Refusal(`WORKERS means nothing to ${chosen[0]!.name}, which scales the workers itself`)
  const all = chosen.map(scenario => ({
    scenario,
    takes: Object.fromEntries(Object.entries(scenario.takes).map(([name, byDefault]) => [name, numbers[name as keyof Takes] ?? byDefault])) as Takes,
  }))
  all.forEach(each => requireRoom(each, openFiles))
  return all
}

function requireRoom({ scenario: { name, filesAVu = FILES_A_VU }, takes: { VUS = 0, DURATION = 0, RATE } }: Chosen, openFiles: number): void {
  const needed = VUS * filesAVu + FILES_BESIDE
  if (needed > openFiles)
    throw new Refusal(`${name} with VUS=${VUS} needs ${needed} open files, and this shell allows ${openFiles}: ulimit -n ${needed}, or fewer VUS`)
  if (RATE !== undefined && RATE * DURATION > MOST_PAYMENTS)
    throw new Refusal(`${name} with RATE=${RATE} for ${DURATION} s makes ${RATE * DURATION} payments, and the auditor compares at most ${MOST_PAYMENTS}: choose a smaller RATE or DURATION`)
  if (RATE === undefined && DURATION > LONGEST_AT_FULL_SPEED)
    throw new Refusal(`${name} pays as fast as it can, so that its DURATION is at most ${LONGEST_AT_FULL_SPEED}s`)
}

function describeTakes({ takes }: Scenario): string {
  return Object.keys(takes).length > 0 ? `takes ${Object.keys(takes).join(', ')}` : 'takes no such setting'
}

function seconds(text: string): number {
  const [, h, m, s] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) ?? []
  return Number(h ?? 0) * 3_600 + Number(m ?? 0) * 60 + Number(s ?? 0)
}

/** How many files a process started from here may have open. Node has raised its own limit to the most that it may. */
function openFilesAllowed(): number {
  try {
    const [, soft] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === undefined || soft === 'unlimited' ? Infinity : Number(soft)
  }
  catch {
    return Infinity // no /proc: the first request that finds no file says so
  }
}
