import type { Logger } from 'pino'
import { Connection } from './connection.ts'

const RECONNECT_MIN_MS = 100
const RECONNECT_MAX_MS = 5_000
/** How often the connection is probed, and how long a probe may take. Without probes, a dead network looks like an idle queue. */
const PROBE_EVERY_MS = 10_000
const PROBE_TIMEOUT_MS = 5_000

/**
 * LISTENs on `channel` over a separate connection, and reconnects when it breaks (after 100 ms, doubled up to 5 s). Also calls
 * `onNotification` after each connect, because notifications may have been missed. Never throws: without LISTEN the worker polls.
 */
export function listen(databaseUrl: string, channel: string, onNotification: () => void, log: Logger): { close: () => Promise<void> } {
  let client: Connection | undefined
  let timer: NodeJS.Timeout | undefined
  let failures = 0
  let closed = false

  async function open(): Promise<void> {
    const next = new Connection({
      connectionString: databaseUrl,
      application_name: 'recon-worker listen',
      query_timeout: PROBE_TIMEOUT_MS,
      keepAlive: true,
    })
    let over = false
    const broken = (error: unknown): void => {
      if (over)
        return
      over = true
      client = undefined
      clearTimeout(timer)
      void next.end().catch(() => {})
      if (closed)
        return
      const waitMs = Math.min(RECONNECT_MIN_MS * 2 ** failures++, RECONNECT_MAX_MS)
      log.warn({ err: error, waitMs }, 'not listening to the database; polling until reconnected')
      timer = setTimeout(() => void open(), waitMs)
    }
    next.on('error', broken)
    next.on('end', () => broken(new Error('the connection ended')))
    next.on('notification', onNotification)
    try {
      await next.connect()
      await next.query(`listen ${next.escapeIdentifier(channel)}`)
      if (closed)
        return void await next.end()
      client = next
      failures = 0
      onNotification()
      probe(next, broken)
    }
    catch (error) {
      broken(error)
    }
  }

  function probe(connection: Connection, broken: (error: unknown) => void): void {
    timer = setTimeout(() => {
      connection.query('select 1').then(() => {
        if (client === connection)
          probe(connection, broken)
      }, broken)
    }, PROBE_EVERY_MS)
  }

  void open()
  return {
    close: async () => {
      closed = true
      clearTimeout(timer)
      await client?.end().catch(() => {})
    },
  }
}
