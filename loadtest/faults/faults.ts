import type { Fault } from './fault.ts'
import { stepDatabaseClock, stepWorkerClock } from './clocks.ts'
import { deadlock, exhaustConnections, fillDisk } from './contention.ts'
import { cancelBackends, changeColumnType, createIndex, holdSnapshot, lockTable, readOnly, reindex, revokeGrant, terminateBackends, vacuumFull } from './database.ts'
import { buryQueue, jobKillsWorker, poisonInBatch, poisonTenth } from './jobs.ts'
import { killEngine } from './kill-engine.ts'
import { cutApiCommit, cutWorkerCommit, deafListeners, halfOpen, jitter, latency, resetConnections, trickle, unreachable } from './network.ts'
import { freezeApi, freezePostgres, freezeWorker, freezeWorkers, killApi, killConsole, killPostgres, killProxy, killSupervisor, killWorker, restartApi, restartEverything, restartWorker } from './processes.ts'
import { oldWorker, secondHarness } from './versions.ts'

/** Every fault. `make chaos` and the k6 scenarios refer to them by name. */
export const faults: readonly Fault[] = [
  killWorker,
  killApi,
  killConsole,
  killPostgres,
  killProxy,
  killSupervisor,
  killEngine,
  freezeWorker,
  freezeWorkers,
  freezeApi,
  freezePostgres,
  restartWorker,
  restartApi,
  restartEverything,
  cutApiCommit,
  cutWorkerCommit,
  terminateBackends,
  cancelBackends,
  resetConnections,
  latency,
  jitter,
  trickle,
  halfOpen,
  unreachable,
  deafListeners,
  readOnly,
  fillDisk,
  revokeGrant,
  changeColumnType,
  lockTable,
  vacuumFull,
  reindex,
  createIndex,
  exhaustConnections,
  deadlock,
  holdSnapshot,
  poisonInBatch,
  poisonTenth,
  jobKillsWorker,
  buryQueue,
  stepDatabaseClock,
  stepWorkerClock,
  oldWorker,
  secondHarness,
]
