import type { Knex } from 'knex'
import type { AddressInfo } from 'node:net'
import type { NewPayment } from './domain/payment.ts'
import type { Written } from './domain/write-payments.ts'
import { pino } from 'pino'
import { buildApp } from './app.ts'
import { ConfigError, readConfig } from './config.ts'
import { createPayments } from './domain/create-payment.ts'
import { EventHub, HEARTBEAT_SLICE_MS } from './domain/event-hub.ts'
import { groupCommit, MAX_WRITES } from './domain/group-commit.ts'
import { knownCurrencies } from './domain/known-currencies.ts'
import { replayQuotedKeys } from './domain/replay-quoted-keys.ts'
import { settleStatistics } from './domain/settle-statistics.ts'
import { parseSettled } from './domain/settled-notification.ts'
import { wakeWorkers } from './domain/wake-workers.ts'
import { paymentWriter } from './domain/write-payments.ts'
import { apiServer } from './http/server.ts'
import { createMetrics } from './metrics.ts'
import { confirmCommits } from './sql/confirm-commits.ts'
import { connect } from './sql/connect.ts'
import { isConflict, isLostConnection, isRefusedRow } from './sql/database-errors.ts'
import { findCurrencies } from './sql/find-currencies.ts'
import { findPaymentsByKey } from './sql/find-payments-by-key.ts'
import { insertPayments } from './sql/insert-payments.ts'
import { isKeyLockTimeout, isRowLockTimeout } from './sql/lock-waits.ts'
import { listen } from './sql/notifications.ts'
import { queueState } from './sql/queue-state.ts'

/** Groups of writes: payments to known accounts, and all others. A locked account then never delays the first group. */
const WRITE_GROUPS = 2
/**
 * Connections for reads. Writes have other connections, so that a slow list never delays a payment. With those and the listening
 * connection a process has at most 11; while the database is silent, each pool briefly opens one more.
 */
const READ_CONNECTIONS = 6
/**
 * Connections that the kernel may hold until this process gets to them; it takes fewer where net.core.somaxconn is lower.
 * With Node's 511 a burst lost its SYNs, which are sent again after 1, 3, 7, 15 s: at twice its capacity, p95 of accepts
 * was 16 s instead of 5 s, and 2 % got no response at all.
 */
const MAX_UNACCEPTED = 4_096
/** Log lines are written together, since a write for each took 7 % of the API's time; what is left at an exit is written then. */
const LOG_BUFFER_CHARACTERS = 4_096
const LOG_FLUSH_MS = 100
/** Requests still running this long after the signal to stop are cut off. */
const DRAIN_DEADLINE_MS = 10_000

function main(): void {
  const config = readConfig(process.env)
  const log = pino({ level: config.logLevel, base: { service: 'payments-api', pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ sync: false, minLength: LOG_BUFFER_CHARACTERS }))
  setInterval(() => log.flush(), LOG_FLUSH_MS).unref()

  const writeDb = connect(config.databaseUrl, WRITE_GROUPS * MAX_WRITES, 'payments-api write', log)
  const db = connect(config.databaseUrl, READ_CONNECTIONS, 'payments-api read', log)
  const events = new EventHub()
  const metrics = createMetrics(() => events.size, () => queueState(db))
  const statistics = settleStatistics()
  const currencies = knownCurrencies()
  const notifications = listen(config.databaseUrl, ['payment_events', 'recon_jobs'], {
    listening: () => {
      events.resync()
      statistics.restart()
      currencies.forget() // a standby that took over, or a restore, may lack accounts
    },
    notification: (channel, payload) => {
      if (channel === 'recon_jobs')
        return events.announceArrivals()
      const settled = parseSettled(payload)
      if (!settled)
        return events.resync()
      events.publish(settled)
      statistics.record(settled.map(({ id }) => id))
      metrics.settled(settled.length)
    },
  }, log)
  const wake = wakeWorkers(() => notifications.notify('recon_jobs'))

  const writePayments = paymentWriter({
    insert: (payments, openAccounts) => insertPayments(writeDb, payments, openAccounts),
    findByKey: payments => findPaymentsByKey(writeDb, payments),
    findCurrencies: accountIds => findCurrencies(writeDb, accountIds),
    confirm: () => confirmCommits(writeDb),
    currencyOf: currencies.get,
  })
  /** Groups concurrent payments into few writes. */
  function grouped(openAccounts: boolean): (payment: NewPayment) => Promise<Written | 'key-in-use'> {
    const write = groupCommit(async (payments: NewPayment[]) => {
      const startedAtMs = performance.now()
      const written = await writePayments(payments, openAccounts)
      metrics.wrote(payments.length, (performance.now() - startedAtMs) / 1_000)
      wake()
      return written
    }, { refusedRow: isRefusedRow, lockedRow: isRowLockTimeout, lostConnection: error => isLostConnection(error) || isConflict(error) })
    return payment => write(payment).catch((error: unknown) => {
      if (isKeyLockTimeout(error))
        return 'key-in-use'
      throw error
    })
  }
  const createPayment = createPayments({
    write: grouped(false),
    writeAndOpen: grouped(true),
    findByKey: async payment => (await findConfirmed(db, [payment])).find(payment),
    currencies,
  })

  let draining = false
  const { server, drain } = apiServer(buildApp({
    db,
    createPayment: replayQuotedKeys(createPayment, keys => findConfirmed(writeDb, keys)),
    events,
    metrics,
    readStatistics: statistics.read,
    wake,
    log,
    draining: () => draining,
  }), log)
  const heartbeat = setInterval(() => events.heartbeat(), HEARTBEAT_SLICE_MS)

  server.on('error', (error: NodeJS.ErrnoException) => {
    fail(error.code === 'EADDRINUSE'
      ? `port ${config.port} on ${config.host} is taken; set PORT to another one`
      : `cannot listen on ${config.host}:${config.port}: ${error.message}`)
  })
  server.listen({ port: config.port, host: config.host, backlog: MAX_UNACCEPTED }, () => {
    log.info({ host: config.host, port: (server.address() as AddressInfo).port }, 'listening')
  })

  /** Accepts what the kernel holds, then no new connections; ends the event streams, finishes the requests that are under way, and exits. */
  async function stop(signal: NodeJS.Signals): Promise<void> {
    if (draining)
      return
    draining = true
    log.info({ signal }, 'draining')
    setTimeout(() => {
      log.error({ deadlineMs: DRAIN_DEADLINE_MS }, 'requests still running at the deadline are cut off')
      drain.breakOff()
      process.exit(1)
    }, DRAIN_DEADLINE_MS).unref()
    clearInterval(heartbeat)
    events.close()
    await drain.start()
    await Promise.all([
      notifications.close(),
      writeDb.destroy(),
      db.destroy(),
    ])
    log.info('stopped')
    process.exit(0)
  }
  process.on('SIGTERM', signal => void stop(signal))
  process.on('SIGINT', signal => void stop(signal))
}

/** The payments that hold these keys, once they are as durable as a commit of our own. */
async function findConfirmed(db: Knex, keys: Parameters<typeof findPaymentsByKey>[1]): ReturnType<typeof findPaymentsByKey> {
  const holders = await findPaymentsByKey(db, keys)
  if (keys.some(holders.find))
    await confirmCommits(db)
  return holders
}

function fail(message: string): never {
  process.stderr.write(`payments-api: ${message}\n`)
  process.exit(1)
}

try {
  main()
}
catch (error) {
  if (error instanceof ConfigError)
    fail(error.message)
  throw error
}
