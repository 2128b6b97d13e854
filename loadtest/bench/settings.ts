import { readFileSync } from 'node:fs'
import { Refusal } from '../../compose/src/refusal.ts'

/** 64 connections of ours, as many of the API and of pgbench, and what Node and Postgres need besides. */
const FILES_NEEDED = 512
const MOST_ROUNDS = 99

export interface Settings {
  /** The measures to run, in the order of the list. */
  names: string[]
  /** Whether that is all of them. */
  whole: boolean
  rounds: number
  /** Per cent of the full size: below 100 it shows that everything works, and its figures mean nothing. */
  size: number
}

/** Reads ONLY, ROUNDS and SIZE. Throws a Refusal that names what is wrong and what is allowed. */
export function readSettings(env: NodeJS.ProcessEnv, known: string[]): Settings {
  const only = (env.ONLY ?? '').split(/[\s,]+/).filter(name => name !== '')
  const unknown = only.filter(name => !known.includes(name))
  if (unknown.length > 0)
    throw new Refusal(`ONLY=${env.ONLY} is wrong: there is no benchmark ${unknown.join(', ')}; there are ${known.join(', ')}`)
  const names = only.length === 0 ? known : known.filter(name => only.includes(name))
  const rounds = wholeNumber(env, 'ROUNDS', 3, MOST_ROUNDS)
  const size = wholeNumber(env, 'SIZE', 100, 100)
  return { names, whole: names.length === known.length && size === 100, rounds, size }
}

/** Throws a Refusal when this process may not open as many files as the connections take. */
export function requireFiles(limits = readFileSync('/proc/self/limits', 'utf8')): void {
  const [, allowed] = /^Max open files +(\S+)/m.exec(limits) ?? []
  if (Number(allowed) < FILES_NEEDED) // 'unlimited' is NaN, and enough
    throw new Refusal(`only ${allowed} open files are allowed and the benchmarks need ${FILES_NEEDED}: ulimit -n ${FILES_NEEDED}, then again`)
}

function wholeNumber(env: NodeJS.ProcessEnv, name: string, byDefault: number, most: number): number {
  const value = env[name] || String(byDefault)
  if (!/^[1-9]\d{0,5}$/.test(value) || Number(value) > most)
    throw new Refusal(`${name}=${value} is wrong: a whole number from 1 to ${most}`)
  return Number(value)
}
