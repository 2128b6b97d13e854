import { buildApp } from './app.ts'
import { ConfigError, readConfig } from './config.ts'
import { countRegularly } from './count-regularly.ts'
import { activityHistory } from './domain/activity-history.ts'
import { arrivalsPayload } from './domain/arrivals.ts'
import { createPayments } from './domain/create-payment.ts'
import { keepAnchors } from './domain/daily-anchor.ts'
import { EventHub, HEARTBEAT_SLICE_MS } from './domain/event-hub.ts'
import { MAX_WRITES } from './domain/group-commit.ts'
import { knownCurrencies } from './domain/known-currencies.ts'
import { proofs } from './domain/proofs.ts'
import { replayQuotedKeys } from './domain/replay-quoted-keys.ts'
import { requestRefunds } from './domain/request-refund.ts'
import { settleStatistics } from './domain/settle-statistics.ts'
import { wakeWorkers } from './domain/wake-workers.ts'
import { drainOnSignal } from './drain-on-signal.ts'
import { followDatabase } from './follow-database.ts'
import { apiServer, listenOn } from './http/server.ts'
import { createLogger } from './logger.ts'
import { createMetrics } from './metrics.ts'
import { paymentStore, WRITE_GROUPS } from './payment-store.ts'
import { readChaosReport } from './read-chaos-report.ts'
import { refundStore } from './refund-store.ts'
import { checkInvariants, readPasses } from './sql/check-invariants.ts'
import { connect } from './sql/connect.ts'
import { addDailyAnchor, isAnchorDue } from './sql/daily-anchor.ts'
import { listWorkers } from './sql/list-workers.ts'
import { queueState } from './sql/queue-state.ts'

/**
 * Connections for reads. Writes have other connections, so that a slow list never delays a payment. With those and the listening
 * connection a process has at most 11; while the database is silent, each pool briefly opens one more.
 */
const READ_CONNECTIONS = 6

async function main(): Promise<void> {
  const config = readConfig(process.env)
  const log = createLogger(config.logLevel)

  const writeDb = connect(config.databaseUrl, WRITE_GROUPS * MAX_WRITES, 'payments-api write', log)
  const readDb = connect(config.databaseUrl, READ_CONNECTIONS, 'payments-api read', log)
  const events = new EventHub()
  const metrics = createMetrics(() => events.size, () => queueState(readDb))
  const statistics = settleStatistics()
  const history = activityHistory()
  const currencies = knownCurrencies()
  const notifications = followDatabase({ databaseUrl: config.databaseUrl, events, statistics, history, currencies, metrics, log })
  const wake = wakeWorkers(accounts => notifications.notify('recon_jobs', arrivalsPayload(accounts)))
  const store = paymentStore({ readDb, writeDb, currencies, metrics, wake })

  const passes = readPasses()
  const { proofsDatabaseUrl } = config
  const check = proofsDatabaseUrl === undefined ? undefined : checkInvariants(proofsDatabaseUrl)

  const stop = new AbortController()
  const { server, drain } = apiServer(buildApp({
    db: readDb,
    createPayment: replayQuotedKeys(createPayments({ ...store, currencies }), store.findHolders),
    requestRefund: requestRefunds(refundStore({ readDb, writeDb, wake, findByKey: store.findByKey })),
    events,
    metrics,
    readStatistics: statistics.read,
    readHistory: history.read,
    readWorkerHistory: history.readWorker,
    proofs: proofs({ passes, check, log }),
    readChaosReport: () => readChaosReport(config.chaosReport),
    wake,
    log,
    draining: () => stop.signal.aborted,
  }), config.drainQuietMs, log)
  const heartbeat = setInterval(() => events.heartbeat(), HEARTBEAT_SLICE_MS)
  const counting = [
    countRegularly(async () => history.recordQueue((await queueState(readDb)).waiting)),
    countRegularly(async () => history.recordWorkers(await listWorkers(readDb))),
  ]
  const anchoring = check && proofsDatabaseUrl !== undefined
    ? keepAnchors({ passes, check, isDue: () => isAnchorDue(proofsDatabaseUrl), add: () => addDailyAnchor(proofsDatabaseUrl), log })
    : undefined
  stop.signal.addEventListener('abort', () => {
    clearInterval(anchoring)
    clearInterval(heartbeat)
    counting.forEach(clearInterval)
    events.close()
  })
  drainOnSignal(stop, {
    drain: drain.start,
    breakOff: drain.breakOff,
    close: () => Promise.all([notifications.close(), writeDb.destroy(), readDb.destroy()]),
  }, log)

  const { port } = await listenOn(server, config)
  log.info({ host: config.host, port }, 'listening')
}

await main().catch((error: unknown) => {
  if (!(error instanceof ConfigError))
    throw error
  process.stderr.write(`payments-api: ${error.message}\n`)
  process.exit(1)
})
