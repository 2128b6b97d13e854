import assert from 'node:assert/strict'
import { readable } from '../src/machine/log-line.ts'

describe('a line of a log', () => {
  it('from pino becomes time, level, message and the other fields', () => {
    const line = JSON.stringify({
      level: 30,
      time: '2026-01-02T03:04:05.678Z',
      service: 'payments-api',
      pid: 7,
      port: 3001,
      msg: 'listening',
    })
    assert.equal(readable(line), '03:04:05.678 INFO  listening port=3001')
  })

  it('shows the fields of an object, and the first line of an error', () => {
    const line = JSON.stringify({
      level: 50,
      time: 0,
      msg: 'failed',
      req: { method: 'GET', url: '/x' },
      err: { type: 'Error', stack: 'Error: no\n    at x' },
    })
    assert.equal(readable(line), '00:00:00.000 ERROR failed req.method=GET req.url=/x err=Error: no')
  })

  it('from anything else is left unchanged', () => {
    for (const line of [
      '2026-01-02 LOG: ready',
      '{ not json',
      '{"a":1}',
      'null',
    ])
      assert.equal(readable(line), line)
  })

  it('is truncated to 1,000 characters', () => {
    assert.equal(readable('x'.repeat(5_000)).length, 1_000)
  })
})
