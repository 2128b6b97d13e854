import type { AddressInfo } from 'node:net'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import express from 'express'
import pg from 'pg'
import { pino } from 'pino'
import { errorHandler } from '../src/http/error-handler.ts'
import { DatabaseUnavailableError } from '../src/sql/database-errors.ts'
import { causeOf, CAUSES } from '../src/sql/sqlstates.ts'

/** Every code of Postgres 18, from its errcodes.txt: "# <class> - <name>", then "<code> <name>" for each of its codes. */
const LIST = readFileSync(join(import.meta.dirname, 'support/sqlstates.txt'), 'utf8').trim().split('\n')
const CLASSES = LIST.flatMap(line => /^# (\w\w) - /.exec(line)?.[1] ?? [])
const CODES = LIST.filter(line => !line.startsWith('#')).map(line => line.split(' ')[0]!)
const DOCUMENT = readFileSync(join(import.meta.dirname, '../docs/database-errors.md'), 'utf8')

describe('an error of the database', () => {
  let server: ReturnType<typeof createServer>
  let thrown: unknown

  before(async () => {
    const app = express()
    app.use((req, _res, next) => {
      req.id = 'a-request'
      next()
    })
    app.use(() => {
      throw thrown
    })
    app.use(errorHandler(pino({ level: 'silent' })))
    server = createServer(app).listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  after(() => server.close())

  /** Returns the status and Retry-After that a caller gets for an error. */
  async function respond(error: unknown): Promise<[number, string | null]> {
    thrown = error
    const res = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    await res.text()
    return [res.status, res.headers.get('retry-after')]
  }
  const databaseError = (code: string): pg.DatabaseError => Object.assign(new pg.DatabaseError('refused', 7, 'error'), { code })

  it('has a listed cause, whatever its SQLSTATE class', () => {
    assert.ok(CLASSES.length >= 43 && CODES.length >= 250)
    assert.deepEqual(CLASSES.filter(each => !(each in CAUSES)), [])
    assert.deepEqual(Object.keys(CAUSES).filter(each => !CLASSES.includes(each) && !CODES.includes(each)), [])
  })

  it('is 503 with Retry-After for the state of the database, and 500 for a row or our own statements', async () => {
    for (const code of CODES)
      assert.deepEqual(await respond(databaseError(code)), causeOf(code) === 'state' ? [503, '1'] : [500, null], code)
  })

  it('has the same response in docs/database-errors.md as in the code', () => {
    const rows = [...DOCUMENT.matchAll(/^\| `(\w+)` [^|]*\| (503|500) \|/gm)].map(([, code, status]) => [code, status])
    assert.deepEqual(Object.fromEntries(rows), Object.fromEntries(Object.entries(CAUSES).map(([code, cause]) => [code, cause === 'state' ? '503' : '500'])))
  })

  it('is distinguished from an errno or any other code of five characters', async () => {
    for (const code of ['EPIPE', 'EPERM', 'EBUSY', '57014', '53300'])
      assert.deepEqual(await respond(Object.assign(new Error('no database'), { code })), [500, null], code)
    assert.deepEqual(await respond(new DatabaseUnavailableError('no connection', { cause: Object.assign(new Error('write'), { code: 'EPIPE' }) })), [503, '1'])
  })
})
