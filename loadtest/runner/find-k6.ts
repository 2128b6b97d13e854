import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { repoRoot } from '../../compose/src/config.ts'
import { Refusal } from '../../compose/src/refusal.ts'

const run = promisify(execFile)
const module = join(repoRoot, 'loadtest/k6')
const COMMAND_TIMEOUT_MS = 5_000
const PULL_TIMEOUT_MS = 180_000
const BUILD_TIMEOUT_MS = 1_200_000

export interface K6 {
  /** Version and origin, for the terminal and the report. */
  name: string
  /** The command and its first arguments. This k6 can read the repository and write into `folder`. */
  command: (folder: string) => [file: string, ...args: string[]]
}

/**
 * Finds a k6 of the major version that go.mod pins: on PATH, from an earlier build, as a Docker image, or by building it with
 * Go. Throws a Refusal that says how to install one.
 */
export async function findK6(log: (line: string) => void): Promise<K6> {
  const version = /go\.k6\.io\/k6\/v\d+ v(\S+)/.exec(readFileSync(join(module, 'go.mod'), 'utf8'))![1]!
  const built = join(repoRoot, '.tools', `k6-${version}`)
  const onPath = await stdoutOf('k6', ['version'])
  const found = /v(\d+)\.\S+/.exec(onPath ?? '')
  if (found && found[1] === version.split('.')[0])
    return { name: `k6 ${found[0]} from PATH`, command: () => ['k6'] }
  if (existsSync(built))
    return { name: `k6 v${version} from .tools`, command: () => [built] }
  const image = `grafana/k6:${version}`
  if (await hasImage(image))
    return { name: `k6 v${version} from the Docker image ${image}`, command: folder => inDocker(image, folder) }
  if (await stdoutOf('go', ['version'])) {
    log(`Building k6 ${version} with Go. This takes about three minutes, once ...`)
    await build(built)
    return { name: `k6 v${version} from .tools`, command: () => [built] }
  }
  throw new Refusal(`Could not find k6: version ${version.split('.')[0]} is not on PATH${found ? ` (only ${found[0]})` : ''}, no Docker engine can provide ${image}, and Go is not installed to build it: install one of the three, https://grafana.com/docs/k6/latest/set-up/install-k6`)
}

async function stdoutOf(program: string, args: string[], timeout = COMMAND_TIMEOUT_MS): Promise<string | undefined> {
  return run(program, args, { timeout }).then(({ stdout }) => stdout, () => undefined)
}

async function hasImage(image: string): Promise<boolean> {
  if (await stdoutOf('docker', ['version', '--format', '{{.Server.Version}}']) === undefined)
    return false
  return await stdoutOf('docker', ['image', 'inspect', image]) !== undefined || await stdoutOf('docker', ['pull', '--quiet', image], PULL_TIMEOUT_MS) !== undefined
}

/** Uses the host's network, where the system listens, and the same paths as outside the container. */
function inDocker(image: string, folder: string): [string, ...string[]] {
  const { uid, gid } = userInfo()
  return ['docker', 'run', '--rm', '--network=host', `--user=${uid}:${gid}`, `--volume=${repoRoot}:${repoRoot}:ro`, `--volume=${folder}:${folder}`, image]
}

/** Go verifies its downloads against go.sum. The rename makes the binary appear only once it is complete. */
async function build(target: string): Promise<void> {
  mkdirSync(join(repoRoot, '.tools'), { recursive: true })
  const unfinished = `${target}.${process.pid}`
  try {
    await run('go', ['build', '-trimpath', '-ldflags=-s -w', '-o', unfinished, 'go.k6.io/k6/v2'], { cwd: module, timeout: BUILD_TIMEOUT_MS })
  }
  catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string }
    throw new Refusal('Could not build k6, which needs Go 1.25 or newer and the Go module proxy.', (stderr || message).trim().split('\n').slice(-10))
  }
  renameSync(unfinished, target)
}
