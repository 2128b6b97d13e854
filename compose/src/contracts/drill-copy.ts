import type { ChildProcess } from 'node:child_process'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { identify, signalProcess } from '../machine/processes.ts'
import { copyTree } from './copy-tree.ts'

/** Longest command of the drill. */
const TIMEOUT_MS = 10 * 60_000
const GIT_TIMEOUT_MS = 60_000
/** In which a test that is interrupted stops its processes. */
const GRACE_MS = 60_000
const AUTHOR = ['-c', 'user.name=Drill', '-c', 'user.email=drill@localhost', '-c', 'commit.gpgsign=false', '-c', 'core.hooksPath=/dev/null']

export interface Ran { code: number | null, output: string }

/**
 * A copy of this tree with its own git history of one commit. What runs there keeps its temporary files next to it, so that remove()
 * finds every process and file.
 */
export class DrillCopy {
  /** Holds the tree and everything else that the drill writes. */
  readonly parent = mkdtempSync(join(tmpdir(), 'payments-drill-'))
  readonly tree = join(this.parent, 'tree')
  private readonly temporary = join(this.parent, 'tmp')
  private readonly signal: AbortSignal

  /** Once the signal aborts, running commands are interrupted. */
  constructor(signal: AbortSignal) {
    this.signal = signal
    for (const folder of [this.parent, this.tree, this.temporary]) {
      mkdirSync(folder, { recursive: true })
      chmodSync(folder, 0o711) // started by root, Postgres runs as another user
    }
  }

  async fill(): Promise<void> {
    await copyTree(this.tree)
    this.git('init', '--quiet', '--initial-branch', 'main')
    appendFileSync(join(this.tree, '.git/info/exclude'), 'node_modules\n') // they are links here
    this.commit(this.tree, 'As it is now')
  }

  /** Back to the tree as it was copied. Keeps what git ignores, such as the console's build. */
  restore(): void {
    this.git('reset', '--quiet', '--hard')
    this.git('clean', '--quiet', '--force', '-d')
  }

  git(...args: string[]): string {
    return this.gitIn(this.tree, ...args)
  }

  gitIn(folder: string, ...args: string[]): string {
    return execFileSync('git', ['-C', folder, ...AUTHOR, ...args], { env: environment(), encoding: 'utf8', timeout: GIT_TIMEOUT_MS, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 }).trimEnd()
  }

  /** Commits all changes, and returns the commit's short id. */
  commit(folder: string, message: string): string {
    this.gitIn(folder, 'add', '--all')
    this.gitIn(folder, 'commit', '--quiet', '--message', message)
    return this.gitIn(folder, 'rev-parse', '--short=8', 'HEAD')
  }

  /**
   * Runs shell commands in a folder, each only if those before it succeeded.
   * @throws {Error} if the drill is interrupted or the commands take over 10 minutes
   */
  async run(commands: string, settings: Record<string, string> = {}, folder = this.tree): Promise<Ran> {
    this.signal.throwIfAborted()
    // In a process group of their own: a Ctrl-C reaches them once, through interrupt().
    const child = spawn('bash', ['-euo', 'pipefail', '-c', commands], {
      cwd: folder,
      env: { ...environment(), TMPDIR: this.temporary, MODE: 'embedded', CONTRACTS_BASE: 'HEAD', FORCE_COLOR: '0', ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const deadline = AbortSignal.timeout(TIMEOUT_MS)
    const stop = AbortSignal.any([this.signal, deadline])
    const onStop = () => void interrupt(child)
    stop.addEventListener('abort', onStop, { once: true })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => output += text)
    const [code] = await once(child, 'close') as [number | null]
    stop.removeEventListener('abort', onStop)
    this.signal.throwIfAborted()
    if (deadline.aborted)
      throw new Error(`Stopped after ${TIMEOUT_MS / 60_000} minutes: ${commands.trim()}`)
    return { code, output: stripVTControlCharacters(output) }
  }

  /** Kills what still runs there and deletes everything. */
  remove(): void {
    for (const pid of this.processes())
      signalProcess(pid, 'SIGKILL')
    rmSync(this.parent, { recursive: true, force: true, maxRetries: 5 })
  }

  /** The processes that were started there: their command or environment names the folder. */
  private processes(): number[] {
    return (process.platform === 'linux' ? readdirSync('/proc') : []).map(Number).filter(pid => Number.isInteger(pid) && pid !== process.pid).filter((pid) => {
      try {
        return ['cmdline', 'environ'].some(file => readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(this.parent))
      }
      catch {
        return false // it has ended, or belongs to another user
      }
    })
  }
}

/** Only what commands need: a setting such as DATA_DIR is for the real system. */
function environment(): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env
  return { PATH, HOME }
}

/** As a Ctrl-C does, and kills the whole group at the end of the grace period. */
async function interrupt(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || identify(child.pid) === null)
    return
  signalProcess(-child.pid, 'SIGINT')
  const timer = setTimeout(() => signalProcess(-child.pid!, 'SIGKILL'), GRACE_MS)
  await once(child, 'close')
  clearTimeout(timer)
}
