import type { Service, StackState } from '../data/state.ts'
import { DataFolder } from '../data/data-folder.ts'
import { SERVICES } from '../data/state.ts'
import { endProcess, isAlive } from '../machine/processes.ts'

/** Longer than all its parts may take together, one after another. */
const STOP_TIMEOUT_MS = 90_000
const PART_STOP_TIMEOUT_MS = 15_000

/** What the folder's supervisor runs, if it lives. */
export function liveState(folder: DataFolder): StackState | null {
  const state = folder.readState()
  return state && isAlive(state.supervisor) ? state : null
}

/** A supervisor that was killed, or a reboot, leaves its state behind, and perhaps parts that nobody watches: ends them. */
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

/** Stops the folder's supervisor and all that it runs. False when nothing ran. */
export async function stopOwner(folder: DataFolder): Promise<boolean> {
  const state = folder.readState()
  if (!state)
    return false
  await endProcess(state.supervisor, 'SIGTERM', STOP_TIMEOUT_MS)
  await endLeftovers(folder) // there are none, unless the supervisor was killed
  return true
}

/** The shares that services which were started alone have of a data folder, in the order in which they start. */
export function serviceFolders(path: string): { service: Service, folder: DataFolder }[] {
  return SERVICES.map(service => ({ service, folder: new DataFolder(path, service) }))
}

/** The services of a data folder that were started alone and run now. */
export function liveServices(path: string): Service[] {
  return serviceFolders(path).filter(({ folder }) => liveState(folder)).map(({ service }) => service)
}
