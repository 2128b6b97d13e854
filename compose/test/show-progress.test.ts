import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { identify } from '../src/machine/processes.ts'
import { showProgress } from '../src/show-progress.ts'
import { TemporaryStack } from './support/temporary-stack.ts'
import { until } from './support/until.ts'

const EVERY_MS = 40

describe('the progress of a start', () => {
  let written: string[]
  let shown: ReturnType<typeof showProgress>
  const show = (isTTY: boolean) => {
    written = []
    return shown = showProgress({ isTTY, columns: 60, write: text => written.push(text) }, EVERY_MS)
  }
  afterEach(() => shown.end())

  it('elsewhere than on a terminal: a line at the start of a wait, signs of life, and a line at its end', async () => {
    const { progress } = show(false)
    progress({ name: 'images', tookMs: null, detail: 'building' })
    assert.deepEqual(written, ['  images               ...  building\n'])
    progress({ name: 'images', tookMs: null, detail: '[ui 2/4] RUN npm ci' })
    await until('there is a sign of life', () => written.length > 1)
    assert.match(written[1]!, /^ {2}images +\d\.\d\d s {2}so far: \[ui 2\/4\] RUN npm ci\n$/)
    progress({ name: 'images', tookMs: 1234 })
    assert.equal(written.at(-1), '  images            1.23 s\n')
  })

  it('stays short, however many details a step has', async () => {
    const { progress } = show(false)
    const begin = Date.now()
    for (let n = 0; n < 100; n++) {
      progress({ name: 'images', tookMs: null, detail: `line ${n} ${'x'.repeat(500)}` })
      await delay(2)
    }
    assert.ok(written.length <= 2 + (Date.now() - begin) / EVERY_MS, `${written.length} lines`)
    assert.ok(written.every(line => line.length <= 101))
  })

  it('prints only the end of a short step', () => {
    const { progress } = show(false)
    progress({ name: 'postgres', tookMs: null })
    progress({ name: 'postgres', tookMs: 200 })
    assert.deepEqual(written, ['  postgres          0.20 s\n'])
  })

  it('on a terminal: one line that changes and fits, and that the next output replaces', async () => {
    const { progress, end } = show(true)
    progress({ name: 'images', tookMs: null, detail: 'x'.repeat(500) })
    await until('the line changes', () => written.length > 2)
    assert.ok(written.every(text => text.startsWith('\r\u001B[K  images') && text.length < 70 && !text.includes('\n')))
    end()
    assert.equal(written.at(-1), '\r\u001B[K')
  })
})

// Stands in for Docker's client, with an engine that runs nothing and builds until it is stopped.
const DOCKER = `#!/bin/bash
trap 'exit 143' TERM
case "$*" in
  info*) echo 28.0.0 2;;
  'compose version'*) echo 2.40.3;;
  *' build') echo '#5 [api 2/4] RUN npm ci' >&2; while true; do sleep 0.1; done;;
esac
`

describe('up, which is not silent while it waits', () => {
  let stack: TemporaryStack
  before(async () => stack = await TemporaryStack.create({ MODE: 'embedded' }))
  after(() => stack.remove())

  /** Starts the verb, waits until its output matches, and stops it. */
  async function see(expected: RegExp, settings: Record<string, string> = {}): Promise<string> {
    const up = stack.spawnVerb('up', settings)
    const stderr = text(up.stderr!)
    let output = ''
    up.stdout!.on('data', chunk => output += chunk)
    const exit = once(up, 'exit')
    try {
      await until(`the output matches ${expected}`, () => expected.test(output))
    }
    finally {
      up.kill('SIGINT')
      assert.deepEqual(await exit, [1, null])
    }
    return stderr
  }

  it('for another up or down', async () => {
    stack.folder.create()
    assert.ok(stack.folder.claim({ supervisor: identify(process.pid)!, phase: 'starting', startedAt: Date.now(), parts: [] }))
    try {
      assert.match(await see(/^ {2}waiting +\.\.\. {2}for another `make up` or `make down` to finish$/m), /^Stopped while waiting/)
    }
    finally {
      stack.folder.release()
    }
  })

  it('for another up and for images, with Docker', async () => {
    const bin = join(stack.parent, 'bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'docker'), DOCKER)
    chmodSync(join(bin, 'docker'), 0o755)
    const settings = { MODE: 'compose', PATH: `${bin}:${stack.env.PATH}` }
    assert.equal(await see(/^ {2}images +\.\.\. {2}building; the first time takes minutes$/m, settings), 'Stopped. Nothing is left running.\n')
    assert.ok(stack.folder.claimStart(identify(process.pid)!))
    try {
      assert.match(await see(/^ {2}waiting +\.\.\. {2}for another `make up` to finish$/m, settings), /^Stopped while waiting/)
    }
    finally {
      stack.folder.releaseStart()
    }
  })
})
