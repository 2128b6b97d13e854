import type { ChildProcess } from 'node:child_process'
import type { Stack } from '../../src/stack.ts'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, lstatSync, mkdtempSync, rmSync, unlinkSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { repoRoot } from '../../src/config.ts'
import { copyTree } from '../../src/contracts/copy-tree.ts'
import { ComposeProject } from '../../src/docker/compose-project.ts'
import { freePort } from '../../src/machine/ports.ts'
import { TemporaryStack } from './temporary-stack.ts'
import { until } from './until.ts'

const START_TIMEOUT_MS = 600_000
const WORKER_HEALTH = `exec 3<>/dev/tcp/127.0.0.1/3002 && printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3`

/** `make dev` in a copy of the tree, which tests may edit. The verbs of this tree find it. */
export class DevStack {
  readonly tree: string
  readonly stack: Stack
  readonly mode: 'embedded' | 'compose'
  readonly system: TemporaryStack
  readonly verb: ChildProcess
  /** Everything that `make dev` has printed. */
  output = ''

  /** Copies the tree, runs `make dev` there, and returns once the system is up and saved files are noticed. */
  static async start(settings: Record<string, string> = {}): Promise<DevStack> {
    const tree = mkdtempSync(join(tmpdir(), 'payments-test-tree-'))
    await prepareTree(tree)
    const system = await TemporaryStack.create({ DEBUG_PORT: String(await freePort()), ...settings }, tree)
    const dev = new DevStack(system, tree)
    try {
      await until('make dev is up', () => {
        if (dev.verb.exitCode !== null)
          throw new Error(`make dev ended:\n${dev.output}`)
        return dev.output.includes('Ctrl-C stops everything') && (system.mode === 'embedded' || dev.output.includes('Watch enabled'))
      }, START_TIMEOUT_MS)
      return dev
    }
    catch (error) {
      await dev.remove()
      throw error
    }
  }

  private constructor(system: TemporaryStack, tree: string) {
    this.system = system
    this.stack = system.stack
    this.mode = system.mode
    this.tree = tree
    this.verb = spawn(process.execPath, ['compose/src/verbs/dev.ts'], { cwd: tree, env: system.env })
    for (const stream of [this.verb.stdout!, this.verb.stderr!])
      stream.on('data', chunk => this.output += chunk)
  }

  /** The body of a part's /health. Containers of workers publish no port for it. */
  async healthOf(name: string, url: string): Promise<string> {
    if (name.startsWith('worker-') && this.mode === 'compose')
      return (await promisify(execFile)('docker', ['exec', `${new ComposeProject(this.system.config).name}-${name}`, 'bash', '-c', WORKER_HEALTH])).stdout
    const at = url || (await this.stack.parts()).find(part => part.name === name)!.url
    return (await fetch(`${at}/health`, { headers: { connection: 'close' }, signal: AbortSignal.timeout(2_000) })).text()
  }

  /** Ends `make dev` by a signal, as Ctrl-C does, and returns its exit code. */
  async end(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    if (this.verb.exitCode === null && this.verb.signalCode === null) {
      this.verb.kill(signal)
      await once(this.verb, 'exit')
    }
    return this.verb.exitCode
  }

  async remove(): Promise<void> {
    try {
      await this.end()
      await this.system.remove()
    }
    finally {
      rmSync(this.tree, { recursive: true, force: true })
    }
  }
}

async function prepareTree(tree: string): Promise<void> {
  await copyTree(tree)
  for (const folder of ['compose', 'payments-api', 'recon-worker', 'payments-ui'])
    utimesSync(join(tree, folder, 'package-lock.json'), 0, 0) // older than the installed packages, so that make installs nothing
  // Vite serves only files inside the tree, so the console's packages are copied instead of linked.
  const packages = join(tree, 'payments-ui/node_modules')
  if (lstatSync(packages).isSymbolicLink()) {
    unlinkSync(packages)
    cpSync(join(repoRoot, 'payments-ui/node_modules'), packages, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true, filter: path => !path.includes('node_modules/.cache') })
  }
}
