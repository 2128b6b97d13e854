import type { Service, StackState } from '../data/state.ts'
import { DataFolder } from '../data/data-folder.ts'
import { SERVICES } from '../data/state.ts'
import { endProcess, isAlive } from '../machine/processes.ts'

/** Longer than all parts of a supervisor may take to stop one after another. */
export const STOP_TIMEOUT_MS = 90_000
const PART_STOP_TIMEOUT_MS = 15_000

/** Returns the state of the folder's supervisor; null if no supervisor is alive. */
export function liveState(folder: DataFolder): StackState | null {
  const state = folder.readState()
  return state && isAlive(state.supervisor) ? state : null
}

/** Ends the parts that a killed supervisor left behind, and removes its state. */
export async function endLeftovers(folder: DataFolder): Promise<void> {
  const stale = folder.readState()
  if (!stale || isAlive(stale.supervisor))
    return
  for (const part of stale.parts.toReversed()) {
    if (part.process)
      await endProcess(part.process, part.stopSignal, PART_STOP_TIMEOUT_MS)
  }
  if (folder.readState()?.supervisor.pid === stale.supervisor.pid)
    folder.release()
}

/** Stops the folder's supervisor and its parts. Returns false if nothing was running. */
export async function stopOwner(folder: DataFolder): Promise<boolean> {
  const state = folder.readState()
  if (!state)
    return false
  await endProcess(state.supervisor, 'SIGTERM', STOP_TIMEOUT_MS)
  await endLeftovers(folder) // does nothing unless the supervisor had to be killed
  return true
}

/** The data folder as the supervisor of each single service uses it, in start order. */
export function serviceFolders(path: string): { service: Service, folder: DataFolder }[] {
  return SERVICES.map(service => ({ service, folder: new DataFolder(path, service) }))
}

/** The services that run under `make service` in this data folder. */
export function liveServices(path: string): Service[] {
  return serviceFolders(path).filter(({ folder }) => liveState(folder)).map(({ service }) => service)
}
