import { spawnSync } from 'node:child_process'
import { QUICK_TIMEOUT_MS } from './docker.ts'

/** The first version that supports everything in compose.yaml and swarm/swarm.yaml. */
const OLDEST_COMPOSE = [2, 25]

/** The problem where no container can have run. */
export const NOT_INSTALLED = 'Docker is not installed'

export interface Engine {
  /** Why the engine cannot be used, without a period at the end; null if it can be used. */
  problem: string | null
  /** What to do about the problem, as a sentence. */
  remedy: string
  /** Cores of the engine's machine. */
  cpus: number
}

/** Checks that a Docker engine responds and that Docker Compose is installed and new enough. */
export function checkEngine(env: NodeJS.ProcessEnv): Engine {
  const info = run(['info', '--format', '{{.ServerVersion}} {{.NCPU}}'], env)
  const [version, cpus] = info.stdout.trim().split(' ')
  if (info.problem !== null || !version || !cpus)
    return { ...engineProblem(info), cpus: 0 }
  const compose = run(['compose', 'version', '--short'], env)
  const found = /^v?(\d+)\.(\d+)/.exec(compose.stdout)?.slice(1).map(Number)
  const remedy = `To use containers, install Docker Compose ${OLDEST_COMPOSE.join('.')} or newer: https://docs.docker.com/compose/install.`
  if (!found)
    return { problem: 'A Docker engine is running, but Docker Compose is not installed', remedy, cpus: Number(cpus) }
  const old = found[0]! < OLDEST_COMPOSE[0]! || (found[0] === OLDEST_COMPOSE[0] && found[1]! < OLDEST_COMPOSE[1]!)
  return { problem: old ? `Docker Compose ${compose.stdout.trim()} is too old` : null, remedy, cpus: Number(cpus) }
}

interface Output { stdout: string, stderr: string, problem: 'not installed' | 'unresponsive' | 'refused' | null }

function run(args: string[], env: NodeJS.ProcessEnv): Output {
  const { status, stdout, stderr, error } = spawnSync('docker', args, { env, encoding: 'utf8', timeout: QUICK_TIMEOUT_MS, killSignal: 'SIGKILL' })
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  const problem = code === 'ENOENT' ? 'not installed' : code === 'ETIMEDOUT' ? 'unresponsive' : status === 0 ? null : 'refused'
  return { stdout: stdout ?? '', stderr: stderr ?? '', problem }
}

function engineProblem({ problem, stderr }: Output): Pick<Engine, 'problem' | 'remedy'> {
  if (problem === 'not installed')
    return { problem: NOT_INSTALLED, remedy: 'To use containers, install Docker: https://docs.docker.com/get-started/get-docker.' }
  if (problem === 'unresponsive')
    return { problem: `The Docker engine did not respond within ${QUICK_TIMEOUT_MS / 1000} s`, remedy: 'To use containers, restart Docker: `sudo systemctl restart docker`.' }
  if (/permission denied/i.test(stderr))
    return { problem: 'Your user may not use the Docker engine', remedy: 'To use containers, run `sudo usermod -aG docker $USER` and log in again.' }
  return /cannot connect/i.test(stderr)
    ? { problem: 'No Docker engine is running', remedy: 'To use containers, start Docker: `sudo systemctl start docker`, or Docker Desktop.' }
    : { problem: `No Docker engine responded (${stderr.trim().split('\n')[0] || 'no error message'})`, remedy: 'To use containers, make `docker info` work.' }
}
