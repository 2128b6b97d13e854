import type { PartSpec } from '../src/embedded/part.ts'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Part } from '../src/embedded/part.ts'
import { freePort } from '../src/machine/ports.ts'
import { identify, isAlive, signalTree } from '../src/machine/processes.ts'
import { until } from './support/until.ts'

describe('a part', () => {
  const folder = mkdtempSync(join(tmpdir(), 'payments-test-'))
  const reports: string[] = []
  let part: Part

  /** Creates a part that runs the script, then serves HTTP. */
  async function make(script: string, limits: Partial<PartSpec> = {}): Promise<Part> {
    const port = await freePort()
    reports.length = 0
    part = new Part({
      name: 'part',
      stopSignal: 'SIGTERM',
      readyTimeoutMs: 20_000,
      stopTimeoutMs: 5_000,
      command: async () => ({
        file: process.execPath,
        args: ['-e', `console.log('hello'); ${script}; require('http').createServer((q, a) => a.end()).listen(${port}, '127.0.0.1')`],
        options: {},
        url: '',
        health: `http://127.0.0.1:${port}/`,
      }),
      ...limits,
    }, join(folder, `${port}.log`), () => {}, line => reports.push(line))
    return part
  }

  afterEach(() => part.stop())
  after(() => rmSync(folder, { recursive: true }))

  it('is running once it is healthy, and gone once it is stopped', async () => {
    await make('')
    await part.start()
    assert.equal(part.state.phase, 'running')
    const running = part.state.process!
    await part.stop()
    assert.ok(!isAlive(running))
    assert.deepEqual([part.state.phase, part.state.process, part.state.lastDeath], ['stopped', null, null])
    assert.deepEqual(reports, [])
  })

  it('that dies while it starts is not restarted, and shows its last lines', async () => {
    await make(`console.log('no database'); process.exit(3)`)
    await assert.rejects(part.start(), {
      message: 'part did not start: exit code 3',
      details: ['hello', 'no database'],
    })
    assert.equal(part.state.process, null)
  })

  it('that does not become healthy is stopped', async () => {
    await make('', {
      readyTimeoutMs: 300,
      command: async () => ({
        file: 'sleep',
        args: ['600'],
        options: {},
        url: '',
        health: `http://127.0.0.1:${await freePort()}/`,
      }),
    })
    await assert.rejects(part.start(), /not healthy after 0.3 s \(connection refused\)/)
    assert.equal(part.state.process, null)
  })

  it('whose program does not exist fails to start', async () => {
    await make('', {
      command: async () => ({
        file: '/no/such/program',
        args: [],
        options: {},
        url: '',
        health: 'http://127.0.0.1:1024/',
      }),
    })
    await assert.rejects(part.start(), /ENOENT/)
  })

  it('that dies later is reported with its last lines and restarted, after twice the delay each time', async () => {
    await make('')
    await part.start()
    for (const [restarts, backoff] of [
      [1, '0.25'],
      [2, '0.5'],
    ] as const) {
      signalTree(part.state.process!, 'SIGKILL')
      await until(`restart ${restarts}`, () => part.state.restarts === restarts && part.state.phase === 'running')
      assert.equal(reports.at(-2), `part died (killed by SIGKILL) and restarts in ${backoff} s. Its last log lines:\n  | hello`)
      assert.equal(reports.at(-1), 'part is running again')
    }
    assert.equal(part.state.lastDeath?.how, 'killed by SIGKILL')
  })

  it('is not restarted when it is stopped during the delay', async () => {
    await make('')
    await part.start()
    signalTree(part.state.process!, 'SIGKILL')
    await until('it waits', () => part.state.phase === 'waiting to restart')
    await part.stop()
    assert.deepEqual([part.state.phase, part.state.process], ['stopped', null])
  })

  it('that does not stop by its deadline is killed, and the kill is reported', async () => {
    await make(`process.on('SIGTERM', () => {})`, { stopTimeoutMs: 200 })
    await part.start()
    const { pid } = part.state.process!
    await part.stop()
    assert.equal(identify(pid), null)
    assert.deepEqual(reports, ['part did not stop within 0.2 s and was killed'])
  })
})
