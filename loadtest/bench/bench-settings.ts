import { readFileSync } from 'node:fs'
import { Refusal } from '../../compose/src/refusal.ts'

/** 64 connections on our side, as many in the API and in pgbench, and the files of Node and Postgres. */
const FILES_NEEDED = 512
const MAX_ROUNDS = 99

interface BenchSettings {
  /** The measures to run, in the order of the list. */
  names: string[]
  /** Whether all measures run at full size. Only then are RESULTS.md and the chart written. */
  complete: boolean
  rounds: number
  /** Percent of the full size. Below 100 a run shows that everything works, but its figures mean nothing. */
  size: number
}

/** Reads ONLY, ROUNDS and SIZE. Throws a Refusal that names the wrong value and what is allowed. */
export function readBenchSettings(env: NodeJS.ProcessEnv, known: string[]): BenchSettings {
  const only = (env.ONLY ?? '').split(/[\s,]+/).filter(name => name !== '')
  const unknown = only.filter(name => !known.includes(name))
  if (unknown.length > 0)
    throw new Refusal(`ONLY=${env.ONLY} is wrong: there is no benchmark ${unknown.join(', ')}; choose from ${known.join(', ')}.`)
  const names = only.length === 0 ? known : known.filter(name => only.includes(name))
  const rounds = wholeNumber(env, 'ROUNDS', 3, MAX_ROUNDS)
  const size = wholeNumber(env, 'SIZE', 100, 100)
  return { names, complete: names.length === known.length && size === 100, rounds, size }
}

/** Throws a Refusal if this process may open fewer files than the benchmarks need. */
export function requireOpenFiles(limits = readFileSync('/proc/self/limits', 'utf8')): void {
  const [, allowed] = /^Max open files +(\S+)/m.exec(limits) ?? []
  if (Number(allowed) < FILES_NEEDED) // 'unlimited' becomes NaN, which passes
    throw new Refusal(`The benchmarks need ${FILES_NEEDED} open files, and this shell allows ${allowed}: run \`ulimit -n ${FILES_NEEDED}\` and try again.`)
}

function wholeNumber(env: NodeJS.ProcessEnv, name: string, byDefault: number, max: number): number {
  const value = env[name] || String(byDefault)
  if (!/^[1-9]\d{0,5}$/.test(value) || Number(value) > max)
    throw new Refusal(`${name}=${value} is wrong: use a whole number from 1 to ${max}.`)
  return Number(value)
}
