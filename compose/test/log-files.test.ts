import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DataFolder } from '../src/data/data-folder.ts'
import { endOf, followLogs, lastLines, rotateLogs, sizeOf } from '../src/embedded/log-files.ts'
import { until } from './support/until.ts'

describe('the logs', () => {
  let folder: DataFolder
  beforeEach(() => {
    folder = new DataFolder(mkdtempSync(join(tmpdir(), 'payments-test-')))
    folder.create()
  })
  afterEach(() => rmSync(folder.path, { recursive: true }))

  it('rotate at their limit, and keep one old file', async () => {
    const file = folder.logFile('api')
    appendFileSync(file, 'first\n'.repeat(100))
    const timer = rotateLogs(folder, 500, 10)
    await until('the log is rotated', () => sizeOf(file) === 0)
    clearInterval(timer)
    assert.equal(readFileSync(`${file}.1`, 'utf8'), 'first\n'.repeat(100))
    assert.deepEqual(folder.logNames(), ['api'])
  })

  it('return their last lines, or only those since a given offset', () => {
    const file = folder.logFile('api')
    appendFileSync(file, 'old\n')
    const start = endOf(file)
    appendFileSync(file, 'a\nb\n\nc\n')
    assert.deepEqual(lastLines(file, 2), ['b', 'c'])
    assert.deepEqual(lastLines(file, 10, start), ['a', 'b', 'c'])
  })

  it('return the lines since an offset, although the log was rotated since', async () => {
    const file = folder.logFile('api')
    appendFileSync(file, `${'old\n'.repeat(100)}`)
    const start = endOf(file)
    await delay(20) // the clock of files is coarser than ours
    appendFileSync(file, 'first\nlast words\n')
    const timer = rotateLogs(folder, 100, 10)
    await until('the log is cut', () => sizeOf(file) === 0)
    clearInterval(timer)
    assert.deepEqual(lastLines(file, 10, start), ['first', 'last words'])
    appendFileSync(file, 'more\n')
    assert.deepEqual(lastLines(file, 2, start), ['last words', 'more'])
  })

  it('are followed: last lines, whole new lines, new files, past a rotation, until the end', async () => {
    const api = folder.logFile('api')
    appendFileSync(api, 'one\ntwo\n')
    const seen: string[] = []
    let running = true
    const reader = (async () => {
      for await (const { part, text } of followLogs(folder, 1, new AbortController().signal, () => running))
        seen.push(`${part} ${text}`)
    })()
    await until('the last line is seen', () => seen.includes('api two'))
    appendFileSync(api, 'thr')
    appendFileSync(folder.logFile('worker-1'), 'hello\n')
    await until('the new file is seen', () => seen.includes('worker-1 hello'))
    appendFileSync(api, 'ee\n')
    await until('the line is seen whole', () => seen.includes('api three'))
    rmSync(api)
    appendFileSync(api, 'new\n')
    await until('the rotated file is read from its start', () => seen.includes('api new'))
    running = false
    await reader
    assert.deepEqual(seen, [
      'api two',
      'worker-1 hello',
      'api three',
      'api new',
    ])
  })
})
