import type { Make } from './support/small-tree.ts'
import assert from 'node:assert/strict'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DataFolder } from '../src/data/data-folder.ts'
import { identify, processTree, signalTree } from '../src/machine/processes.ts'
import { SmallTree } from './support/small-tree.ts'
import { until } from './support/until.ts'

const EVERY_FOLDER = ['compose', 'compose/test/e2e', 'loadtest', 'payments-api', 'payments-ui', 'recon-worker', 'tools']
const COMPOSE = 'compose/node_modules/.package-lock.json'

/** The pid of the process that this make says it waits for. */
const waitsFor = (make: Make) => Number(/^compose: dependencies: waiting for process (\d+), which is doing this \.\.\. /m.exec(make.output())?.[1]) || null

describe('make, started several times in parallel', () => {
  let tree: SmallTree
  beforeEach(() => tree = new SmallTree())
  afterEach(() => tree.remove())

  /** Starts an install of compose and a second make that waits for it. Returns both, and the pid of the installing process. */
  async function installAndWait() {
    const first = tree.make(COMPOSE)
    await until('the install runs', () => tree.installs().length === 1)
    const second = tree.make(COMPOSE)
    return { first, second, owner: await until('the second make waits', () => waitsFor(second)) }
  }

  it('installs each folder once; the others wait, say so in one line, and find the work done', async () => {
    const migrates = Array.from({ length: 4 }, () => tree.make('migrate'))
    const makes = [...migrates, ...[['-j8', 'install'], ['build'], ['install']].map(args => tree.make(...args))]
    await until('all but the one that installs compose wait', () => migrates.filter(waitsFor).length >= 3)
    tree.openGate()
    const codes = await Promise.all(makes.map(({ ended }) => ended))
    assert.deepEqual(codes, makes.map(() => 0), makes.map(({ output }) => output()).join('\n'))
    assert.deepEqual(tree.installs(), EVERY_FOLDER)
    const waits = migrates.filter(waitsFor).map(({ output }) => output().split('\n')[0]!)
    assert.ok(waits.every(line => /^compose: dependencies: waiting for process \d+, which is doing this \.\.\. \d+ s$/.test(line)), waits.join('\n'))
  })

  it('does not repeat an install that outlives its make and the process that guards it', async () => {
    const { first, second, owner } = await installAndWait()
    process.kill(first.process.pid!, 'SIGKILL')
    process.kill(owner, 'SIGKILL')
    const third = tree.make(COMPOSE)
    assert.notEqual(await until('the third make waits for the install itself', () => waitsFor(third)), owner)
    tree.openGate()
    assert.deepEqual(await Promise.all([second.ended, third.ended]), [0, 0])
    assert.deepEqual(tree.installs(), ['compose'])
  })

  it('takes over when the install and everything around it is killed', async () => {
    const { first, second } = await installAndWait()
    signalTree(identify(first.process.pid!)!, 'SIGKILL')
    tree.openGate()
    assert.equal(await second.ended, 0, second.output())
    assert.deepEqual(tree.installs(), ['compose', 'compose'])
  })

  it('ends the install when it is stopped by SIGTERM, and the next make installs', async () => {
    const { first, second } = await installAndWait()
    first.process.kill('SIGTERM')
    assert.notEqual(await first.ended, 0)
    await until('the second make installs', () => tree.installs().length === 2)
    tree.openGate()
    assert.equal(await second.ended, 0)
  })

  it('keeps a finished install when a make that waited for it is stopped', async () => {
    const { first, second } = await installAndWait()
    const waiting = processTree(second.process.pid!).at(-1)!
    process.kill(waiting, 'SIGSTOP') // so that it cannot notice the end of the install before its make is stopped
    tree.openGate()
    assert.equal(await first.ended, 0)
    second.process.kill('SIGTERM')
    process.kill(waiting, 'SIGCONT')
    await second.ended
    assert.ok(existsSync(join(tree.folder, COMPOSE)))
  })

  it('is not blocked by the lock of an earlier boot, even if a process has the same pid now', async () => {
    mkdirSync(join(tree.folder, '.tools/locks/compose-dependencies', `${process.pid}-1-another-boot`), { recursive: true })
    tree.openGate()
    const make = tree.make(COMPOSE)
    assert.equal(await make.ended, 0)
    assert.equal(waitsFor(make), null)
  })

  it('builds no console under the dev server of a running make dev', async () => {
    const data = new DataFolder(join(tree.folder, '.data'))
    data.create()
    data.writeDesired({ ports: { postgres: 1, api: 2, ui: 3 }, workers: 1, apis: 1, logLevel: 'info', debugPort: 9229, restarts: {} })
    data.writeState({ supervisor: identify(process.pid)!, phase: 'up', startedAt: 0, parts: [] })
    tree.openGate()
    const refused = tree.make('build')
    assert.notEqual(await refused.ended, 0)
    assert.match(refused.output(), /^`make dev` runs here, and building the console would stop it\. End `make dev` first \(Ctrl-C\)\.$/m)
    assert.ok(!existsSync(join(tree.folder, 'payments-ui/.output')))
    data.release()
    assert.equal(await tree.make('build').ended, 0)
  })

  it('installs again after an install that failed', async () => {
    tree.setFailing(true)
    const { first, second } = await installAndWait()
    tree.openGate()
    assert.deepEqual([await first.ended, await second.ended], [2, 2])
    tree.setFailing(false)
    assert.equal(await tree.make(COMPOSE).ended, 0)
    assert.equal(await tree.make(COMPOSE).ended, 0)
    assert.deepEqual(tree.installs(), ['compose', 'compose', 'compose'])
  })
})
