import type { Logger } from 'pino'
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { Connection } from './connection.ts'

const RECONNECT_MIN_MS = 100
const RECONNECT_MAX_MS = 5_000
/**
 * How often the connection is probed, and how long a probe may take: a dead network sends no error. A probe is a notification, because
 * something between us and the database may swallow those and pass the rest.
 */
const PROBE = { everyMs: 10_000, timeoutMs: 5_000 }

export interface Notifications {
  /** Sends a notification (payload: up to 7,999 bytes). Drops it while the connection is down: listeners also poll. */
  notify: (channel: string, payload?: string) => void
  close: () => Promise<void>
}

/**
 * LISTENs on `channels` over a separate connection, and reconnects when it breaks. Calls `on.listening` after each connect:
 * earlier notifications may have been missed.
 */
export function listen(
  databaseUrl: string,
  channels: readonly string[],
  on: { notification: (channel: string, payload: string) => void, listening: () => void },
  log: Logger,
  { everyMs, timeoutMs } = PROBE,
): Notifications {
  const probeChannel = `payments_api_probe_${randomBytes(6).toString('hex')}`
  let client: Connection | undefined
  let timer: NodeJS.Timeout | undefined
  let failures = 0
  let closed = false
  let probeArrived = false

  async function open(): Promise<void> {
    const next = new Connection({
      connectionString: databaseUrl,
      application_name: 'payments-api listen',
      query_timeout: timeoutMs,
      keepAlive: true,
    })
    const broken = once((error: unknown) => {
      client = undefined
      clearTimeout(timer)
      void next.end().catch(() => {})
      if (closed)
        return
      const waitMs = Math.min(RECONNECT_MIN_MS * 2 ** failures++, RECONNECT_MAX_MS)
      log.warn({ err: error, waitMs }, 'not listening to the database; reconnecting')
      timer = setTimeout(() => void open(), waitMs)
    })
    next.on('error', broken)
    next.on('end', () => broken(new Error('the connection ended')))
    next.on('notification', ({ channel, payload }) => {
      if (channel === probeChannel)
        probeArrived = true
      else
        on.notification(channel, payload ?? '')
    })
    try {
      await next.connect()
      await next.query([...channels, probeChannel].map(channel => `listen ${next.escapeIdentifier(channel)}`).join('; '))
      if (closed)
        return void await next.end()
      client = next
      failures = 0
      on.listening()
      probe(next, broken)
    }
    catch (error) {
      broken(error)
    }
  }

  function probe(connection: Connection, broken: (error: unknown) => void): void {
    timer = setTimeout(() => {
      probeArrived = false
      // Postgres sends a session its own notifications before it is ready for the next statement.
      connection.query(`notify ${connection.escapeIdentifier(probeChannel)}`).then(() => {
        if (!probeArrived)
          broken(new Error('the connection works, but notifications no longer arrive'))
        else if (client === connection)
          probe(connection, broken)
      }, broken)
    }, everyMs)
  }

  void open()
  return {
    notify: (channel, payload = '') => {
      client?.query(`notify ${client.escapeIdentifier(channel)}, ${pg.escapeLiteral(payload)}`).catch(() => {}) // a broken connection reports itself
    },
    close: async () => {
      closed = true
      clearTimeout(timer)
      await client?.end().catch(() => {})
    },
  }
}

function once<Argument>(f: (argument: Argument) => void): (argument: Argument) => void {
  let called = false
  return (argument) => {
    if (!called) {
      called = true
      f(argument)
    }
  }
}
