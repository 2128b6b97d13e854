import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { pino } from 'pino'
import { ConfigError, readConfig } from './config.ts'
import { healthServer } from './health-server.ts'
import { trackOutage } from './outage.ts'
import { readReadiness } from './readiness.ts'
import { run } from './run.ts'
import { connect } from './sql/connect.ts'
import { beat, markStopped } from './sql/heartbeat.ts'
import { listen } from './sql/listen.ts'
import { suspectJobs } from './suspects.ts'
import { createWakeUp } from './wake-up.ts'

const HEARTBEAT_MS = 5_000
/** Longest time for the batches in flight to finish after SIGTERM. Then the process exits with 1, and they are rolled back. */
const DRAIN_DEADLINE_MS = 15_000

async function main(): Promise<void> {
  const config = readConfig(process.env)
  const log = pino({
    level: config.logLevel,
    base: { service: 'recon-worker', worker: config.workerId },
    timestamp: pino.stdTimeFunctions.isoTime,
  })

  const db = connect(config.databaseUrl, log, config.batchesInFlight)
  const wakeUp = createWakeUp()
  const listening = listen(config.databaseUrl, 'recon_jobs', wakeUp.wake, log)
  const stopping = new AbortController()

  const outage = trackOutage(stopping.signal, log)
  const server = healthServer(() => readReadiness(db, outage))
  server.on('error', (error: NodeJS.ErrnoException) => {
    fail(error.code === 'EADDRINUSE'
      ? `port ${config.port} on ${config.host} is taken; set PORT to another port, or to 0 for a free one`
      : `cannot listen on ${config.host}:${config.port}: ${error.message}`)
  })
  server.listen(config.port, config.host, () => {
    log.info({ host: config.host, port: (server.address() as AddressInfo).port }, 'listening')
  })

  let settled = 0
  const worker = {
    id: config.workerId,
    host: hostname(),
    pid: process.pid,
  }
  const heartbeat = setInterval(() => {
    beat(db, { id: worker.id, settled }).catch((error: unknown) => log.warn({ err: error }, 'heartbeat failed; trying again in 5 s'))
  }, HEARTBEAT_MS)

  const stop = (signal: NodeJS.Signals): void => {
    if (stopping.signal.aborted)
      return
    log.info({ signal }, 'draining')
    setTimeout(() => {
      log.error({ deadlineMs: DRAIN_DEADLINE_MS }, 'drain deadline passed with a batch in flight; exiting')
      process.exit(1)
    }, DRAIN_DEADLINE_MS).unref()
    stopping.abort()
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)

  await run(db, {
    workerId: config.workerId,
    batchSize: config.batchSize,
    batchesInFlight: config.batchesInFlight,
    maxAttempts: config.maxAttempts,
    suspects: suspectJobs(db, { worker, inFlight: config.batchSize * config.batchesInFlight, log }),
    outage,
    wakeUp,
    signal: stopping.signal,
    onSettled: payments => settled += payments,
    log,
  })

  clearInterval(heartbeat)
  await markStopped(db, { id: config.workerId, settled }).catch((error: unknown) => log.warn({ err: error }, 'stop not recorded; the next start counts an unclean stop'))
  await Promise.all([
    listening.close(),
    db.destroy(),
  ])
  log.info({ settled }, 'stopped')
  process.exit(0)
}

function fail(message: string): never {
  process.stderr.write(`recon-worker: ${message}\n`)
  process.exit(1)
}

main().catch((error: unknown) => {
  if (error instanceof ConfigError)
    fail(error.message)
  throw error
})
