import type { System } from '../runner/with-system.ts'

/**
 * A fault as a value, like a Jepsen nemesis. A scenario injects faults by name, alone or together, and decides how long they
 * last: see injectFaults() in k6/lib/harness.ts.
 */
export interface Fault {
  /** How scenarios refer to it; also the name of its file. */
  name: string
  /** Returns the parts to hit. Called once, before any fault starts: the health check of a frozen part is slow. */
  targets: (system: System) => Promise<string[]>
  start: (system: System, targets: string[]) => Promise<void>
  /** Undoes start(), even when start() failed halfway. */
  stop: (system: System, targets: string[]) => Promise<void>
}
