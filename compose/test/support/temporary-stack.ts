import type { ChildProcess } from 'node:child_process'
import type { Config } from '../../src/config.ts'
import type { Stack } from '../../src/stack.ts'
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { readConfig, repoRoot } from '../../src/config.ts'
import { DataFolder } from '../../src/data/data-folder.ts'
import { ComposeProject } from '../../src/docker/compose-project.ts'
import { freePort, isFree } from '../../src/machine/ports.ts'

/** Longer than the deadlines of the verbs, except for the first build of the images. */
const VERB_TIMEOUT_MS = { embedded: 120_000, compose: 15 * 60_000 }

export interface Outcome { code: number | null, stdout: string, stderr: string }

/**
 * A stack for one test: free ports and a separate data folder, with a space in its path; it shares nothing with other stacks.
 * MODE=compose runs it in containers; without MODE it runs as plain processes, even if a Docker engine runs.
 * The code of `tree` runs: containers belong to the tree that started them.
 */
export class TemporaryStack {
  readonly parent = mkdtempSync(join(tmpdir(), 'payments-test-'))
  readonly env: Record<string, string>
  readonly config: Config
  readonly mode: 'embedded' | 'compose'
  readonly stack: Stack
  readonly folder: DataFolder
  private readonly tree: string

  static async create(settings: Record<string, string> = {}, tree = repoRoot): Promise<TemporaryStack> {
    const { stacks } = await import(join(tree, 'compose/src/open-stack.ts')) as typeof import('../../src/open-stack.ts')
    const [PGPORT, API_PORT, UI_PORT] = [await freePort(), await freePort(), await freePort()].map(String)
    return new TemporaryStack({
      PGPORT: PGPORT!,
      API_PORT: API_PORT!,
      UI_PORT: UI_PORT!,
      ...settings,
    }, tree, stacks)
  }

  private constructor(settings: Record<string, string>, tree: string, stacks: (config: Config) => Record<'embedded' | 'compose', Stack>) {
    this.tree = tree
    chmodSync(this.parent, 0o711) // started as root, Postgres runs as another user
    const { PATH = '', HOME = '', MODE = 'embedded' } = process.env
    this.env = {
      PATH,
      HOME,
      MODE,
      DATA_DIR: join(this.parent, 'data folder'),
      ...settings,
    }
    this.config = readConfig(this.env)
    this.mode = this.config.mode ?? 'embedded'
    this.stack = stacks(this.config)[this.mode]
    this.folder = new DataFolder(this.config.dataDir)
    process.once('SIGINT', this.onInterrupt)
  }

  // mocha runs no more hooks after a Ctrl-C, and the stack's processes do not get the terminal's SIGINT.
  private readonly onInterrupt = () => void this.remove().finally(() => process.exit(130))

  /** Starts a verb as make does. */
  spawnVerb(verb: string, settings: Record<string, string> = {}): ChildProcess {
    return spawn(process.execPath, [`src/verbs/${verb}.ts`], {
      cwd: join(this.tree, 'compose'),
      env: {
        ...this.env,
        ...settings,
      },
      timeout: VERB_TIMEOUT_MS[this.mode],
    })
  }

  /** Runs a verb to its end. */
  async verb(verb: string, settings: Record<string, string> = {}): Promise<Outcome> {
    const child = this.spawnVerb(verb, settings)
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout!),
      text(child.stderr!),
      once(child, 'exit'),
    ])
    return { code: code as number | null, stdout, stderr }
  }

  /** What still exists of this stack: its containers and networks, or the processes started with its folder or ports. */
  processes(): string[] {
    return this.mode === 'compose' ? this.ofDocker('container', 'network') : this.ofThisMachine()
  }

  private ofDocker(...kinds: ('container' | 'network' | 'volume')[]): string[] {
    return kinds.flatMap((kind) => {
      const args = [kind, 'ls', ...(kind === 'container' ? ['--all'] : []), '--filter', `label=com.docker.compose.project=${new ComposeProject(this.config).name}`]
      return execFileSync('docker', args, { encoding: 'utf8' }).trim().split('\n').slice(1)
    })
  }

  private ofThisMachine(): string[] {
    const marks = [
      this.config.dataDir,
      ...Object.values(this.config.ports).map(port => `127.0.0.1:${port}`),
    ]
    return readdirSync('/proc').filter(entry => /^\d+$/.test(entry) && Number(entry) !== process.pid).flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        const known = command + readFileSync(`/proc/${pid}/environ`, 'utf8')
        return marks.some(mark => known.includes(mark)) ? [`${pid} ${command}`] : []
      }
      catch {
        return [] // the process has ended
      }
    })
  }

  /** Stops and removes the stack, and asserts that no process, port or folder of it is left. */
  async remove(): Promise<void> {
    process.off('SIGINT', this.onInterrupt)
    try {
      await this.stack.reset()
      assert.deepEqual(this.processes(), [], 'something still runs')
      if (this.mode === 'compose')
        assert.deepEqual(this.ofDocker('volume'), [], 'volumes are left')
      for (const port of Object.values(this.config.ports))
        assert.ok(await isFree(port), `port ${port} is still taken`)
      assert.ok(!existsSync(this.config.dataDir), 'the data folder is left')
    }
    finally {
      rmSync(this.parent, { recursive: true, force: true })
    }
  }
}
