import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { repoRoot } from '../../src/config.ts'
import { identify, signalTree } from '../../src/machine/processes.ts'

const PACKAGES = ['compose', 'compose/test/e2e', 'payments-api', 'recon-worker', 'payments-ui', 'loadtest']

// Records each install and build. Installs wait for the file `gate`, and fail while the file `fail` exists.
const NPM = `#!/usr/bin/env bash
echo "$(basename "$PWD") $*" >> "$TREE/npm.log"
case $* in
  ci*)
    rm -rf node_modules
    until [ -e "$TREE/gate" ]; do sleep 0.05; done
    if [ -e "$TREE/fail" ]; then exit 1; fi
    mkdir node_modules && touch node_modules/.package-lock.json ;;
  'run build') mkdir -p .output && touch .output/nitro.json ;;
esac
`

const VERBS = {
  workspace: '',
  migrate: `console.log('migrated')`,
  service: `
    import { rmSync, writeFileSync } from 'node:fs'
    const file = \`running-\${process.env.PART}\`
    writeFileSync(file, '')
    process.on('SIGTERM', () => {
      rmSync(file)
      process.exit()
    })
    setInterval(() => {}, 60_000)`,
  status: `
    import { existsSync } from 'node:fs'
    process.exit(existsSync(\`running-\${process.env.PART}\`) ? 0 : 1)`,
}

export interface Make { process: ChildProcess, output: () => string, ended: Promise<number | null> }

/** A folder with the Makefile of this tree, empty packages, verbs that do nothing, and an npm that records its calls. */
export class SmallTree {
  readonly folder = mkdtempSync(join(tmpdir(), 'payments-tree '))
  readonly env: Record<string, string>
  private readonly makes: ChildProcess[] = []

  constructor() {
    const { PATH = '', HOME = '' } = process.env
    const file = (path: string, text: string) => {
      mkdirSync(join(this.folder, path, '..'), { recursive: true })
      writeFileSync(join(this.folder, path), text)
    }
    for (const path of ['Makefile', 'compose/once.js', 'compose/quietly.sh'])
      cpSync(join(repoRoot, path), join(this.folder, path), { recursive: true })
    for (const name of ['.', ...PACKAGES])
      file(join(name, 'package-lock.json'), '{}')
    for (const [name, text] of Object.entries(VERBS))
      file(`compose/src/verbs/${name}.ts`, text)
    file('bin/npm', NPM)
    chmodSync(join(this.folder, 'bin/npm'), 0o755)
    this.env = { PATH: `${join(this.folder, 'bin')}:${PATH}`, HOME, TREE: this.folder }
  }

  /** The folders that npm has installed so far, in alphabetical order; `tools` is the root. */
  installs(): string[] {
    const calls = existsSync(join(this.folder, 'npm.log')) ? readFileSync(join(this.folder, 'npm.log'), 'utf8').trim().split('\n') : []
    return calls.filter(call => call.includes(' ci ')).map(call => PACKAGES.find(name => call.startsWith(`${basename(name)} ci `)) ?? 'tools').sort()
  }

  /** Lets the installs finish. */
  openGate(): void {
    writeFileSync(join(this.folder, 'gate'), '')
  }

  /** Makes every install fail, or succeed again. */
  setFailing(failing: boolean): void {
    if (failing)
      writeFileSync(join(this.folder, 'fail'), '')
    else
      rmSync(join(this.folder, 'fail'))
  }

  make(...args: string[]): Make {
    const child = spawn('make', args, { cwd: this.folder, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.makes.push(child)
    const chunks: string[] = []
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
    return { process: child, output: () => chunks.join(''), ended: once(child, 'close').then(([code]) => code as number | null) }
  }

  remove(): void {
    this.openGate()
    for (const { pid } of this.makes) {
      const identity = pid === undefined ? null : identify(pid)
      if (identity)
        signalTree(identity, 'SIGKILL')
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}
