import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { SilentDatabaseError } from './database-errors.ts'

/** After this long without a byte, a probe finds out whether the statement is slow or the network drops packets. */
const SUSPECT_AFTER_MS = 500
/** How long the probe may take. It counts ticks, so that a busy process that reads late does not report a silent database. */
const PROBE_TICKS = 5
const PROBE_TICK_MS = 250
/** A connection is dead after this long without a byte, even if probes succeed: longer than the role's statement_timeout of 10 s. */
const DEAD_AFTER_MS = 12_000

interface Connection {
  connection: { stream: Socket }
  /** Set by pg: no statement is running. */
  readyForQuery: boolean
}

/**
 * For a pool's `afterCreate`: breaks a connection whose response is overdue. A cut network is as silent as a slow statement, so a
 * probe opens a new connection: if that gets no byte either, the database is unavailable, and the statement fails with a
 * SilentDatabaseError within 2 s.
 *
 * pg's query_timeout would fail the statement but leave the dead connection in the pool.
 */
export function limitSilence(databaseUrl: string): (connection: Connection, done: (error: null, connection: Connection) => void) => void {
  let probe: Promise<boolean> | undefined

  return (connection, done) => {
    const { stream } = connection.connection
    let bytesRead = -1
    let silentSinceMs = 0
    stream.setTimeout(SUSPECT_AFTER_MS).on('timeout', async () => {
      if (connection.readyForQuery)
        return
      if (bytesRead !== stream.bytesRead) {
        bytesRead = stream.bytesRead
        silentSinceMs = performance.now() - SUSPECT_AFTER_MS
      }
      probe ??= databaseResponds(databaseUrl).finally(() => probe = undefined)
      const responds = await probe
      if (bytesRead !== stream.bytesRead || stream.destroyed)
        return
      if (!responds)
        stream.destroy(new SilentDatabaseError('the database is silent'))
      else if (performance.now() - silentSinceMs >= DEAD_AFTER_MS)
        stream.destroy(new Error('Connection terminated: no response'))
      else
        stream.setTimeout(SUSPECT_AFTER_MS) // probe again
    })
    done(null, connection)
  }
}

/** Whether a new connection receives a byte. An error, such as too many clients, is a response too. */
async function databaseResponds(databaseUrl: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'payments-api probe' })
  client.on('error', () => {})
  client.connect().catch(() => {})
  const { stream } = (client as unknown as Connection).connection
  const responds = (): boolean => stream.bytesRead > 0
  for (let tick = 0; tick < PROBE_TICKS && !responds() && !stream.destroyed; tick++)
    await delay(PROBE_TICK_MS)
  if (responds())
    client.end().catch(() => {})
  else
    stream.destroy()
  return responds()
}
