import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import type { ProcessIdentity } from '../src/machine/processes.ts'
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { repoRoot } from '../src/config.ts'
import { makeRunOnce } from '../src/embedded/run-to-end.ts'
import { connect, disconnect } from '../src/machine/connect.ts'
import { endOnAbort, identify, isAlive, signalTree } from '../src/machine/processes.ts'
import { slowIt } from './support/slow.ts'
import { TemporaryStack } from './support/temporary-stack.ts'
import { until } from './support/until.ts'

const GRACE_MS = 300
/** Ignores SIGTERM, as does its child, whose pid it writes to the file given as $1. */
const STUBBORN = `trap '' TERM; sleep 300 & echo $! > "$1"; while true; do sleep 0.05; done`

// Node removes double quotes from NODE_OPTIONS.
const STUBBORN_MIGRATION = `if(process.argv[1].endsWith('migrate.ts')){process.on('SIGTERM',()=>{});console.log('stubborn');await(new(Promise)(()=>setInterval(()=>{},1e3)))}`

function parentOf(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }))
}

describe('a program that ignores SIGTERM is killed at the deadline', () => {
  let folder: string
  let pidFile: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'payments-test-'))
    pidFile = join(folder, 'pid')
  })
  const started: ProcessIdentity[] = []
  afterEach(() => {
    for (const identity of started)
      signalTree(identity, 'SIGKILL')
    rmSync(pidFile, { force: true })
  })
  after(() => rmSync(folder, { recursive: true }))
  /** Waits until the program and its child run, and returns the child. */
  const grandchild = async () => {
    const found = await until('the program runs', () => existsSync(pidFile) ? identify(Number.parseInt(readFileSync(pidFile, 'utf8'))) : null)
    started.push(found, identify(parentOf(found.pid))!)
    return found
  }

  it('with its child, after the grace period', async () => {
    const stop = new AbortController()
    const child = spawn('bash', ['-c', STUBBORN, 'bash', pidFile], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    endOnAbort(child, stop.signal, GRACE_MS)
    const other = await grandchild()
    stop.abort()
    assert.deepEqual(await ended, [null, 'SIGKILL'])
    await until('its child has ended', () => !isAlive(other))
  })

  for (const [how, line] of [['stopped', /^initdb failed: killed by SIGKILL$/], ['too slow', /^initdb failed: not finished after 0.4 s$/]] as const) {
    it(`when a step of a start is ${how}`, async () => {
      const stop = new AbortController()
      const runOnce = makeRunOnce('initdb', join(folder, 'log'), stop.signal, () => {}, GRACE_MS)
      const running = assert.rejects(runOnce({ file: 'bash', args: ['-c', STUBBORN, 'bash', pidFile], options: {} }, how === 'stopped' ? 60_000 : 400), { message: line })
      const other = await grandchild()
      if (how === 'stopped')
        stop.abort()
      await running
      await until('its child has ended', () => !isAlive(other))
    })
  }
})

describe('a program that ignores SIGTERM', () => {
  let folder: string
  let child: ChildProcess | undefined
  before(() => folder = mkdtempSync(join(tmpdir(), 'payments-test-')))
  afterEach(() => {
    const identity = child?.pid === undefined ? null : identify(child.pid)
    if (identity)
      signalTree(identity, 'SIGKILL')
  })
  after(() => rmSync(folder, { recursive: true }))
  const stubborn = (file: string) => `trap '' TERM; echo $BASHPID >> ${file}; while true; do sleep 0.05; done`
  const started = (file: string) => existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map(Number) : []

  slowIt('does not keep a later save from being live in a container', async () => {
    const [saved, pids] = [join(folder, 'saved.ts'), join(folder, 'restarts')]
    child = spawn(process.execPath, [join(repoRoot, 'compose/src/machine/restart-on-save.ts'), folder, 'bash', '-c', stubborn(pids)])
    await until('it runs', () => started(pids).length === 1)
    writeFileSync(saved, '')
    await until('it is started again', () => started(pids).length === 2, 30_000)
    assert.equal(identify(started(pids)[0]!), null)
    child.kill('SIGTERM')
    await until('both end', () => child!.exitCode !== null && identify(started(pids)[1]!) === null, 30_000)
  })

  slowIt('does not keep make from ending after a Ctrl-C', async () => {
    const pids = join(folder, 'installs')
    child = spawn(process.execPath, [join(repoRoot, 'compose/once.js'), `test ${folder.slice(-6)}`, 'false', `(${stubborn(pids)}) & wait`], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    await until('it runs', () => started(pids).length === 1)
    child.kill('SIGINT')
    await Promise.race([ended, once(AbortSignal.timeout(30_000), 'abort').then(() => assert.fail('it still runs'))])
    assert.equal(identify(started(pids)[0]!), null)
    rmSync(join(repoRoot, '.tools/locks', `test-${folder.slice(-6)}`), { recursive: true, force: true })
  })
})

describe('a migration that ignores SIGTERM', () => {
  let stack: TemporaryStack
  before(async () => stack = await TemporaryStack.create({ MODE: 'embedded' }))
  after(() => stack.remove())

  slowIt('does not keep up from ending after a Ctrl-C', async () => {
    const log = stack.folder.logFile('migrations')
    const up = stack.spawnVerb('up', { PAYMENTS_NODE_OPTIONS: `--import=data:text/javascript,${STUBBORN_MIGRATION}` })
    const stderr = text(up.stderr!)
    const exit = once(up, 'exit')
    try {
      await until('the migration runs', () => existsSync(log) && readFileSync(log, 'utf8').includes('stubborn'), 60_000)
    }
    finally {
      up.kill('SIGINT')
    }
    assert.deepEqual(await exit, [1, null])
    assert.equal(await stderr, 'Stopped. Nothing is left running.\n')
    assert.deepEqual(stack.processes(), [])
  })
})

describe('the connection to a database that froze', () => {
  slowIt('is given up', async () => {
    // Speaks enough of the protocol to log in and to confirm one statement, then never again.
    const message = (type: string, ...bytes: number[]) => Buffer.from([type.charCodeAt(0), 0, 0, 0, 4 + bytes.length, ...bytes])
    const ready = message('Z', 'I'.charCodeAt(0))
    let connection: Socket | undefined
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      connection = socket
      socket.on('error', () => {})
      socket.once('data', () => socket.write(Buffer.concat([message('R', 0, 0, 0, 0), ready])))
      socket.on('data', data => data[0] === 'Q'.charCodeAt(0) && socket.write(Buffer.concat([message('C', ...Buffer.from('SET\0')), ready])))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const client = await connect(`postgres://user@127.0.0.1:${port}/payments`, 1_000)
    try {
      await disconnect(client)
    }
    finally {
      connection?.destroy()
      server.close()
    }
  })
})
