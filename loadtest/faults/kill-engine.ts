import type { System } from '../runner/with-system.ts'
import type { Fault } from './fault.ts'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { dockerSync, lines } from '../../compose/src/docker/docker.ts'
import { identify, signalProcess } from '../../compose/src/machine/processes.ts'
import { SLOW } from './processes.ts'
import { Undo } from './undo.ts'

const PID_FILE = '/run/docker.pid'
/** What supervises the engine, such as systemd, starts it again sooner. */
const GRACE_MS = 5_000
const START_TIMEOUT_MS = 60_000
const POLL_MS = 200
const undo = new Undo()

/**
 * The containers die or live on, as the engine's setting live-restore says. Only on an engine that this system has for itself: others
 * would lose their containers.
 */
export const killEngine: Fault = {
  name: 'kill-engine',
  description: 'the Docker engine is killed with SIGKILL',
  recoveryGoalMs: SLOW,
  holdMs: [0, 0],
  modes: ['compose'],
  callersMaySeeErrors: true,
  unavailable: async (system) => {
    if (process.getuid?.() !== 0 || !existsSync(PID_FILE))
      return `the engine cannot be killed: this process is not root on the engine's machine, or ${PID_FILE} is missing`
    return await foreignContainers(system) > 0 ? 'the engine runs other containers, which would die too' : null
  },
  targets: async () => ['the engine'],
  start: async (system) => {
    const pid = Number(readFileSync(PID_FILE, 'utf8'))
    const [file = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
    const env = Object.fromEntries(readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean).map(each => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)]))
    undo.of(system).defer(() => startEngine(file, args, env))
    signalProcess(pid, 'SIGKILL')
  },
  stop: system => undo.run(system),
}

const responds = (): boolean => dockerSync(['version', '--format', '{{.Server.Version}}'], process.env) !== null

async function startEngine(file: string, args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  if (await becomes(responds, GRACE_MS))
    return
  const left = existsSync(PID_FILE) ? identify(Number(readFileSync(PID_FILE, 'utf8'))) : null
  if (left === null)
    spawn(file, args, { env, cwd: '/', detached: true, stdio: 'ignore' }).unref()
  if (!await becomes(responds, START_TIMEOUT_MS))
    throw new Error(`the Docker engine did not start again within ${START_TIMEOUT_MS / 1_000} s. Start it: ${[file, ...args].join(' ')}`)
}

async function becomes(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while (!condition()) {
    if (Date.now() > deadline)
      return false
    await delay(POLL_MS)
  }
  return true
}

/** The running containers that do not belong to the Compose project which publishes this system's Postgres. */
async function foreignContainers({ stack }: System): Promise<number> {
  const label = '{{.Label "com.docker.compose.project"}}'
  const list = (...filter: string[]) => lines(dockerSync(['ps', '--format', label, ...filter], process.env) ?? '')
  const [project] = list('--filter', `publish=${stack.endpoints().postgresPort}`)
  return dockerSync(['ps', '--format', `x${label}`], process.env)!.split('\n').filter(line => line !== '' && line !== `x${project}`).length
}
