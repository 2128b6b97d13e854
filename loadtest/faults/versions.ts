import type { Fault } from './fault.ts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { readConfig, repoRoot } from '../../compose/src/config.ts'
import { checkOut, findBase } from '../../compose/src/contracts/base.ts'
import { roleUrl } from '../../compose/src/data/logins.ts'
import { endProcess, identify } from '../../compose/src/machine/processes.ts'
import { temporaryStack } from '../runner/temporary-stack.ts'
import { BOTH, FAST, freezeWorkers, partsOf } from './processes.ts'
import { Undo } from './undo.ts'

const START_TIMEOUT_MS = 30_000
/** A worker finishes its batch within 15 s. */
const STOP_TIMEOUT_MS = 20_000
const oldUndo = new Undo()

/** The workers of this version stand still meanwhile, so that the old one settles everything. */
export const oldWorker: Fault = {
  name: 'old-worker',
  description: 'a worker of the previous version settles what the new API accepts',
  recoveryGoalMs: FAST,
  holdMs: [10_000, 20_000],
  modes: BOTH,
  callersMaySeeErrors: false,
  excuses: ['refunds-wait'],
  unavailable: async () => existsSync(join(repoRoot, '.git')) ? null : 'this tree is not a git clone, so it has no previous version',
  targets: system => partsOf(system, 'worker'),
  start: async (system, targets, random) => {
    const undo = oldUndo.of(system)
    const folder = mkdtempSync(join(tmpdir(), 'payments-chaos-old-'))
    undo.defer(() => rmSync(folder, { recursive: true, force: true }))
    await checkOut((await findBase())!, ['recon-worker'], folder)
    symlinkSync(join(repoRoot, 'recon-worker/node_modules'), join(folder, 'recon-worker/node_modules'))
    const { postgresPort } = system.stack.endpoints()
    const child = spawn(process.execPath, ['src/main.ts'], {
      cwd: join(folder, 'recon-worker'),
      env: { DATABASE_URL: roleUrl(postgresPort, 'payments_worker'), PORT: '0', WORKER_ID: 'worker-of-the-previous-version' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    const identity = identify(child.pid!)
    undo.defer(async () => {
      if (identity)
        await endProcess(identity, 'SIGTERM', STOP_TIMEOUT_MS)
    })
    const listens = new Promise<true>(resolve => createInterface(child.stdout).on('line', line => line.includes('"listening"') && resolve(true)))
    if (!await Promise.race([listens, ended.then(() => false), once(AbortSignal.timeout(START_TIMEOUT_MS), 'abort').then(() => false)]))
      throw new Error('the worker of the previous version did not start')
    undo.defer(() => freezeWorkers.stop(system, targets))
    await freezeWorkers.start(system, targets, random)
  },
  stop: system => oldUndo.run(system),
}

const secondUndo = new Undo()

/** They must neither take each other's ports nor end each other's processes. */
export const secondHarness: Fault = {
  name: 'second-harness',
  description: 'a second harness starts this system, which runs already, and one of its own',
  recoveryGoalMs: FAST,
  holdMs: [0, 5_000],
  modes: BOTH,
  callersMaySeeErrors: false,
  targets: async () => ['this machine'],
  start: async (system) => {
    const { signal } = new AbortController()
    const { PATH = '', HOME = '' } = process.env
    const second = await temporaryStack(readConfig({ PATH, HOME }), 'payments-chaos-second-')
    secondUndo.of(system).defer(second.remove)
    const [outcome] = await Promise.all([system.stack.start(() => {}, signal), second.stack.start(() => {}, signal)])
    if (outcome !== 'already up')
      throw new Error(`a second start of the running system says "${outcome}" instead of "already up"`)
  },
  stop: system => secondUndo.run(system),
}
