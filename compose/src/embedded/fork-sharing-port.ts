import type { SpawnOptions } from 'node:child_process'
import type { Worker } from 'node:cluster'
import cluster from 'node:cluster'

const OUTLIVE = new URL('outlive-supervisor.ts', import.meta.url).href

/**
 * Starts a Node process whose listening socket belongs to this process too. So a second process for the same port listens on
 * the same socket: connections that the first one has not accepted when it stops go to the second one. The process outlives
 * this one. Emits 'listening'.
 */
export function forkSharingPort(args: string[], { cwd, env }: Pick<SpawnOptions, 'cwd' | 'env'>, log: number): Worker {
  cluster.schedulingPolicy = cluster.SCHED_NONE // each process accepts by itself, so no request passes through this one
  cluster.setupPrimary({ exec: args.at(-1)!, execArgv: [...args.slice(0, -1), `--import=${OUTLIVE}`], args: [], cwd: String(cwd), stdio: ['ignore', log, log, 'ipc'] })
  const foreign = Object.fromEntries(Object.keys(process.env).map(name => [name, undefined])) // else it would inherit them
  return cluster.fork({ ...foreign, ...env })
}
