import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { SilentDatabaseError } from './database-errors.ts'

/** After this long without a byte it is asked whether the statement is slow or the network swallows what is sent. */
const SUSPECT_AFTER_MS = 500
/** How long that may take. In turns: a process that is busy itself, and late to read, is not to find the database silent. */
const TURNS = 5
const TURN_MS = 250
/** The database answers others, but on this connection nothing came for this long: behind the role's statement_timeout of 10 s. */
const DEAD_AFTER_MS = 12_000

interface Connection {
  connection: { stream: Socket }
  /** pg's: no statement is under way. */
  readyForQuery: boolean
}

/**
 * For a pool's `afterCreate`: breaks a connection on which an answer is due and does not come. A network that is cut is
 * silent, as a slow statement is. A new connection tells them apart: where that is not answered either, the database is
 * away, and the statement fails with a SilentDatabaseError, within 2 s.
 *
 * Not pg's query_timeout, which would fail the statement and leave the dead connection in the pool.
 */
export function limitSilence(databaseUrl: string): (connection: Connection, done: (error: null, connection: Connection) => void) => void {
  let asking: Promise<boolean> | undefined

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
      asking ??= databaseAnswers(databaseUrl).finally(() => asking = undefined)
      const answers = await asking
      if (bytesRead !== stream.bytesRead || stream.destroyed)
        return
      if (!answers)
        stream.destroy(new SilentDatabaseError('the database is silent'))
      else if (performance.now() - silentSinceMs >= DEAD_AFTER_MS)
        stream.destroy(new Error('Connection terminated: no answer'))
      else
        stream.setTimeout(SUSPECT_AFTER_MS) // asks again
    })
    done(null, connection)
  }
}

/** Whether a byte comes back. What else the database says, such as that it has too many clients, is an answer too. */
async function databaseAnswers(databaseUrl: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'payments-api probe' })
  client.on('error', () => {})
  client.connect().catch(() => {})
  const { stream } = (client as unknown as Connection).connection
  const answers = (): boolean => stream.bytesRead > 0
  for (let turn = 0; turn < TURNS && !answers() && !stream.destroyed; turn++)
    await delay(TURN_MS)
  if (answers())
    client.end().catch(() => {})
  else
    stream.destroy()
  return answers()
}
