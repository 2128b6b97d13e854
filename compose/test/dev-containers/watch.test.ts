import type { ChildProcess } from 'node:child_process'
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { copyTree } from '../../src/contracts/copy-tree.ts'
import { freePort } from '../../src/machine/ports.ts'
import { signalProcess } from '../../src/machine/processes.ts'
import { until } from '../support/until.ts'

const DEV_FILES = ['--file', 'compose.yaml', '--file', 'compose.dev.yaml']
const START_TIMEOUT_MS = 600_000

// Without the harness, by someone who knows Docker only, in a clone where nothing is installed.
describe('docker compose watch by hand', () => {
  let tree: string
  let env: Record<string, string>
  let watch: ChildProcess | undefined
  let output = ''

  before(async () => {
    tree = mkdtempSync(join(tmpdir(), 'payments-test-tree-'))
    await copyTree(tree)
    for (const folder of ['compose', 'payments-api', 'recon-worker', 'payments-ui'])
      unlinkSync(join(tree, folder, 'node_modules'))
    const { PATH = '', HOME = '' } = process.env
    const project = basename(tree).toLowerCase()
    env = { PATH, HOME, COMPOSE_PROJECT_NAME: project, IMAGES: project }
    for (const variable of ['PGPORT', 'API_PORT', 'UI_PORT'])
      env[variable] = String(await freePort())
  })
  afterEach(end)
  after(() => {
    for (const files of [[], DEV_FILES])
      compose(...files, 'down', '--volumes', '--rmi', 'all')
    rmSync(tree, { recursive: true })
  })

  for (const [where, folder, files, isReplaced] of [
    ['in the root: rebuilds the image and replaces the container', '.', [], true],
    ['with compose.dev.yaml: the process restarts inside its container', 'compose', DEV_FILES, false],
  ] as const) {
    it(where, async function () {
      this.timeout(2 * START_TIMEOUT_MS)
      for (const variable of ['DEBUG_API_PORTS', 'DEBUG_UI_PORT', 'DEBUG_WORKER_PORTS'])
        env[variable] = String(await freePort())
      start(folder, [...files, 'watch'])
      const container = await until('the API responds', () => watchEnabled() ? health().then(() => containerOfApi(), () => null) : null, START_TIMEOUT_MS)
      const source = join(tree, 'payments-api/src/http/health.ts')
      const original = readFileSync(source, 'utf8')
      save(source, original.replace(`status: 'ok'`, `status: 'ok', edit: 'by hand'`))
      await until('the edit is live', () => health().then(body => body.includes('by hand'), () => false), 120_000)
      assert.equal(containerOfApi() !== container, isReplaced, output)
      save(source, original)
    })
  }

  function start(folder: string, args: string[]): void {
    output = ''
    watch = spawn('docker', ['compose', ...args], { cwd: join(tree, folder), env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [watch.stdout!, watch.stderr!])
      stream.on('data', chunk => output += chunk)
  }

  /** Ends the command as Ctrl-C does. The containers keep running. */
  async function end(): Promise<void> {
    if (!watch || watch.exitCode !== null || watch.signalCode !== null)
      return
    const exited = once(watch, 'exit')
    signalProcess(-watch.pid!, 'SIGINT')
    await exited
  }

  /** Whether changes are noticed. Throws if the command ended. */
  function watchEnabled(): boolean {
    if (watch!.exitCode !== null)
      throw new Error(`docker compose watch ended:\n${output}`)
    return output.includes('Watch enabled')
  }

  async function health(): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${env.API_PORT}/health`, { headers: { connection: 'close' }, signal: AbortSignal.timeout(5_000) })
    assert.equal(response.status, 200)
    return response.text()
  }

  function containerOfApi(): string {
    return compose('ps', '--quiet', 'api').trim()
  }

  function compose(...args: string[]): string {
    return execFileSync('docker', ['compose', ...args], { cwd: join(tree, 'compose'), env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  }

  function save(file: string, content: string): void {
    writeFileSync(`${file}.new`, content)
    renameSync(`${file}.new`, file) // as editors do
  }
})
