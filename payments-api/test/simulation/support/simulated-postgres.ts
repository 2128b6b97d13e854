import type { Transaction } from './rows.ts'
import type { ServerSession } from './server-session.ts'
import type { SimulatedConnection } from './simulated-connection.ts'
import { nowMs } from './virtual-clock.ts'

/**
 * What goes wrong with one operation: a statement, or the opening of a connection.
 *
 * - `lost request`: the connection breaks before the server sees the statement.
 * - `lost reply`: the statement runs, and commits if it is a COMMIT or stands alone; then the connection breaks.
 * - `orphaned`: the connection breaks, and the statement runs up to 3 s later.
 * - `slow`: it takes up to a second.
 * - `silent`: no reply ever comes.
 * - `unconfirmed`: it commits, with the notice that no synchronous standby has confirmed it.
 * - any other text: the statement fails with this SQLSTATE.
 */
export type FaultKind = 'lost request' | 'lost reply' | 'orphaned' | 'slow' | 'silent' | 'unconfirmed' | string

/** A fault, and the operation that it hits, counted from 0 when the schedule starts. */
export interface Fault { operation: number, kind: FaultKind }

export interface Statement { text: string, values: unknown[] }
export type Result = Record<string, unknown>[]

/** Runs one statement of our services in a transaction, by its text. Throws the database's errors. */
export type Execute = (transaction: Transaction, statement: Statement, session: ServerSession) => Result | Promise<Result>

/** Most milliseconds that an operation usually takes, and one in twenty. */
const USUAL_LATENCY_MS = 3
const LONG_LATENCY_MS = 30

/** The server: its sessions, the faults that hit them, and what our code did to them that it must never do. */
export class SimulatedPostgres {
  readonly sessions = new Set<SimulatedConnection>()
  readonly violations: string[] = []
  /** Statements per virtual second. */
  readonly load: number[] = []
  /** Whether connections can be opened. */
  available = true
  readOnly = false
  #healed = false
  operations = 0
  readonly random: () => number
  readonly execute: Execute
  readonly #faults: Map<number, FaultKind>

  constructor(random: () => number, faults: Fault[], execute: Execute) {
    this.random = random
    this.execute = execute
    this.#faults = new Map(faults.map(({ operation, kind }) => [operation, kind]))
  }

  /** Counts an operation and returns the fault that hits it. */
  nextFault(): FaultKind | undefined {
    const second = Math.floor(nowMs() / 1_000)
    this.load[second] = (this.load[second] ?? 0) + 1
    const fault = this.#faults.get(this.operations++)
    return this.#healed ? undefined : fault
  }

  latencyMs(): number {
    return Math.floor(this.random() * (this.random() < 0.05 ? LONG_LATENCY_MS : USUAL_LATENCY_MS))
  }

  /** Called with each statement whose client learns neither a result nor an error. */
  onReplyLost: (statement: Statement) => void = () => {}
  /** Called with each notification once it is committed. */
  onNotification: (channel: string, payload: string) => void = () => {}

  /** Sends a committed notification to the sessions that listen. `sender` is the session whose NOTIFY this is. */
  readonly notify = (channel: string, payload: string, sender?: ServerSession): void => {
    this.onNotification(channel, payload)
    for (const session of this.sessions)
      session.deliver(channel, payload, sender)
  }

  /** Ends all sessions, as a restart does. */
  endSessions(): void {
    for (const session of [...this.sessions])
      session.terminate()
  }

  /** Ends everything that is broken, and lets no further fault happen. */
  heal(): void {
    this.#healed = true
    this.available = true
    this.readOnly = false
  }
}
