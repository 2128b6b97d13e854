import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { repoRoot } from '../../compose/src/config.ts'
import { Refusal } from '../../compose/src/refusal.ts'

const run = promisify(execFile)
const module = join(repoRoot, 'loadtest/k6')
const ASK_TIMEOUT_MS = 5_000
const PULL_TIMEOUT_MS = 180_000
const BUILD_TIMEOUT_MS = 1_200_000

export interface K6 {
  /** What it is, for a person. */
  name: string
  /** The command and its first arguments, for a k6 that may read the repository and write into `folder`. */
  command: (folder: string) => [file: string, ...args: string[]]
}

/**
 * Finds a k6 of the major version that go.mod pins: on PATH, built before, as a Docker image, or built now with Go.
 * Throws a Refusal that says how to get one.
 */
export async function findK6(say: (line: string) => void): Promise<K6> {
  const version = /go\.k6\.io\/k6\/v\d+ v(\S+)/.exec(readFileSync(join(module, 'go.mod'), 'utf8'))![1]!
  const built = join(repoRoot, '.tools', `k6-${version}`)
  const onPath = await answer('k6', ['version'])
  const found = /v(\d+)\.\S+/.exec(onPath ?? '')
  if (found && found[1] === version.split('.')[0])
    return { name: `k6 ${found[0]} from PATH`, command: () => ['k6'] }
  if (existsSync(built))
    return { name: `k6 v${version} from .tools`, command: () => [built] }
  const image = `grafana/k6:${version}`
  if (await hasImage(image))
    return { name: `k6 v${version} from the Docker image ${image}`, command: folder => inDocker(image, folder) }
  if (await answer('go', ['version'])) {
    say(`Building k6 ${version} with Go, once: about three minutes ...`)
    await build(built)
    return { name: `k6 v${version} from .tools`, command: () => [built] }
  }
  throw new Refusal(`there is no k6 ${version.split('.')[0]} on PATH${found ? ` (only ${found[0]})` : ''}, no Docker engine that has or gets ${image}, and no Go to build it: install one of them, https://grafana.com/docs/k6/latest/set-up/install-k6`)
}

async function answer(program: string, args: string[], timeout = ASK_TIMEOUT_MS): Promise<string | undefined> {
  return run(program, args, { timeout }).then(({ stdout }) => stdout, () => undefined)
}

async function hasImage(image: string): Promise<boolean> {
  if (await answer('docker', ['version', '--format', '{{.Server.Version}}']) === undefined)
    return false
  return await answer('docker', ['image', 'inspect', image]) !== undefined || await answer('docker', ['pull', '--quiet', image], PULL_TIMEOUT_MS) !== undefined
}

/** On the host's network, where the system answers, and with the same paths as outside. */
function inDocker(image: string, folder: string): [string, ...string[]] {
  const { uid, gid } = userInfo()
  return ['docker', 'run', '--rm', '--network=host', `--user=${uid}:${gid}`, `--volume=${repoRoot}:${repoRoot}:ro`, `--volume=${folder}:${folder}`, image]
}

/** Go checks what it fetches against go.sum. The binary appears when it is whole. */
async function build(target: string): Promise<void> {
  mkdirSync(join(repoRoot, '.tools'), { recursive: true })
  const draft = `${target}.${process.pid}`
  try {
    await run('go', ['build', '-trimpath', '-ldflags=-s -w', '-o', draft, 'go.k6.io/k6/v2'], { cwd: module, timeout: BUILD_TIMEOUT_MS })
  }
  catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string }
    throw new Refusal('k6 could not be built with Go (it needs Go 1.25 or newer, and the Go module proxy)', (stderr || message).trim().split('\n').slice(-10))
  }
  renameSync(draft, target)
}
