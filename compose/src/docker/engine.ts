import { spawnSync } from 'node:child_process'
import { LOOK_TIMEOUT_MS } from './docker.ts'

/** The first version that supports everything in compose.yaml and swarm/swarm.yaml. */
const OLDEST_COMPOSE = [2, 25]

export interface Engine {
  /** Null when the engine can be used; else why not, and what to do about it. */
  problem: string | null
  /** Cores of the engine's machine. */
  cpus: number
}

/** Checks that a Docker engine responds and that Docker Compose is installed and new enough. */
export function askEngine(env: NodeJS.ProcessEnv): Engine {
  const info = run(['info', '--format', '{{.ServerVersion}} {{.NCPU}}'], env)
  const [version, cpus] = info.stdout.trim().split(' ')
  if (info.problem !== null || !version || !cpus)
    return { problem: whyNoEngine(info), cpus: 0 }
  const compose = run(['compose', 'version', '--short'], env)
  const found = /^v?(\d+)\.(\d+)/.exec(compose.stdout)?.slice(1).map(Number)
  const needed = `version ${OLDEST_COMPOSE.join('.')} or newer is needed: https://docs.docker.com/compose/install`
  if (!found)
    return { problem: `a Docker engine answers, but Docker Compose is not installed: ${needed}`, cpus: Number(cpus) }
  const old = found[0]! < OLDEST_COMPOSE[0]! || (found[0] === OLDEST_COMPOSE[0] && found[1]! < OLDEST_COMPOSE[1]!)
  return { problem: old ? `Docker Compose ${compose.stdout.trim()} is too old: ${needed}` : null, cpus: Number(cpus) }
}

interface Output { stdout: string, stderr: string, problem: 'not installed' | 'silent' | 'refused' | null }

function run(args: string[], env: NodeJS.ProcessEnv): Output {
  const { status, stdout, stderr, error } = spawnSync('docker', args, { env, encoding: 'utf8', timeout: LOOK_TIMEOUT_MS, killSignal: 'SIGKILL' })
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  const problem = code === 'ENOENT' ? 'not installed' : code === 'ETIMEDOUT' ? 'silent' : status === 0 ? null : 'refused'
  return { stdout: stdout ?? '', stderr: stderr ?? '', problem }
}

function whyNoEngine({ problem, stderr }: Output): string {
  if (problem === 'not installed')
    return 'Docker is not installed'
  if (problem === 'silent')
    return `the Docker engine does not answer within ${LOOK_TIMEOUT_MS / 1000} s: restart it (sudo systemctl restart docker)`
  if (/permission denied/i.test(stderr))
    return 'you may not use the Docker engine: sudo usermod -aG docker $USER, then log in again'
  return /cannot connect/i.test(stderr)
    ? 'no Docker engine runs: start it (sudo systemctl start docker, or Docker Desktop)'
    : `no Docker engine answers (${stderr.trim().split('\n')[0] || 'it says nothing'})`
}
