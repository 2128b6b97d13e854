import type pg from 'pg'
import type { System } from '../runner/with-system.ts'
import { setTimeout as delay } from 'node:timers/promises'
import { disconnect } from '../../compose/src/machine/connect.ts'

/** Another fault may keep Postgres away. Healing must outlast it. */
const TIMEOUT_MS = 60_000
const RETRY_MS = 200

/** Runs statements as the superuser, on a connection for them alone. Waits for Postgres, at most a minute. */
export async function asAdmin<T>(system: System, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = await connectAdmin(system)
  try {
    // A fault may have made the default read-only.
    await admin.query('set default_transaction_read_only = off')
    return await work(admin)
  }
  finally {
    await disconnect(admin)
  }
}

/** Opens a superuser's connection, as asAdmin() does. The caller ends it. */
export async function connectAdmin({ admin }: System): Promise<pg.Client> {
  const deadline = Date.now() + TIMEOUT_MS
  while (true) {
    try {
      return await admin()
    }
    catch (error) {
      if (Date.now() > deadline)
        throw error
      await delay(RETRY_MS)
    }
  }
}
