import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { endProcess, identify, isAlive, isPaused, processTree, signalTree } from '../src/machine/processes.ts'
import { until } from './support/until.ts'

/** Starts a process that prints `ready`, then waits forever. */
async function start(script = '') {
  const child = spawn(process.execPath, ['-e', `${script}; setInterval(() => {}, 1000); console.log('ready')`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  const identity = identify(child.pid!)
  assert.ok(identity)
  return { child, identity }
}

describe('the identity of a process', () => {
  it('is valid only while the process runs', async () => {
    const { child, identity } = await start()
    assert.ok(isAlive(identity))
    child.kill('SIGKILL')
    await once(child, 'exit')
    assert.ok(!isAlive(identity))
  })

  it('differs from that of another process with the same pid', () => {
    const self = identify(process.pid)!
    assert.ok(isAlive(self))
    assert.ok(!isAlive({ ...self, startTime: '1' }))
  })

  it('does not survive a reboot', () => {
    assert.ok(!isAlive({
      ...identify(process.pid)!,
      bootId: 'an earlier boot',
    }))
  })

  it('protects another process that now has the pid from signals', async () => {
    const { child, identity } = await start()
    signalTree({ ...identity, startTime: '1' }, 'SIGKILL')
    assert.equal(await endProcess({ ...identity, startTime: '1' }, 'SIGKILL', 1_000), true)
    assert.ok(isAlive(identity))
    child.kill('SIGKILL')
  })
})

describe('ending a process', () => {
  it('sends the signal and lets the process exit by itself', async () => {
    const { child, identity } = await start(`process.on('SIGTERM', () => process.exit(7))`)
    const exit = once(child, 'exit')
    assert.equal(await endProcess(identity, 'SIGTERM', 10_000), true)
    assert.deepEqual(await exit, [7, null])
  })

  it('kills a process that ignores the signal, and its children, after the deadline', async () => {
    const { child, identity } = await start(`process.on('SIGTERM', () => {}); require('child_process').spawn('sleep', ['600'])`)
    const tree = processTree(child.pid!)
    assert.equal(tree.length, 2)
    const sleeping = identify(tree[1]!)!
    assert.equal(await endProcess(identity, 'SIGTERM', 100), false)
    assert.ok(!isAlive(identity))
    await until('the child has ended', () => !isAlive(sleeping))
  })

  it('reaches a paused process', async () => {
    const { identity } = await start(`process.on('SIGTERM', () => process.exit())`)
    signalTree(identity, 'SIGSTOP')
    await until('it is paused', () => isPaused(identity))
    assert.equal(await endProcess(identity, 'SIGTERM', 10_000), true)
  })
})
