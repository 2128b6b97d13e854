import type { Message } from './messages.ts'
import { strings } from './messages.ts'

const WRITES = /\b(?:insert\s+into|update\s+\w|delete\s+from)\b/i
const LISTENS = /(?:^|;)\s*listen\s/i
/** A prepared statement that our parts no longer use stays known until its connection ends. */
const MAX_STATEMENTS = 1_000

/** What a client has sent between two responses of ReadyForQuery. */
interface Cycle { writes: boolean }

/** How a message of the server relates to a commit. */
export type Progress = 'before' | 'may be committed' | 'committed' | 'not committed'

/** Follows one session: which of its responses tell the client about a commit, and whether the session listens. */
export class Session {
  /** Whether the client has sent LISTEN. */
  listens = false
  private readonly cycles: Cycle[] = []
  private open: Cycle | undefined
  private readonly statements = new Map<string, string>()
  private readonly portals = new Map<string, string>()
  private inTransaction = false
  private outcome: 'none' | 'completed' | 'committed' | 'failed' = 'none'

  /** Reads a message of the client. */
  sent(message: Message): void {
    switch (message.type) {
      case 'Q':
        this.cycles.push({ writes: this.executes(strings(message, 1)[0] ?? '') })
        break
      case 'P': {
        const [name = '', sql = ''] = strings(message, 2)
        if (this.statements.size < MAX_STATEMENTS)
          this.statements.set(name, sql)
        break
      }
      case 'B': {
        const [portal = '', statement = ''] = strings(message, 2)
        this.portals.set(portal, this.statements.get(statement) ?? '')
        break
      }
      case 'E': {
        this.open ??= { writes: false }
        this.open.writes = this.executes(this.portals.get(strings(message, 1)[0] ?? '') ?? '') || this.open.writes
        break
      }
      case 'S':
        this.cycles.push(this.open ?? { writes: false })
        this.open = undefined
    }
  }

  /**
   * Reads a message of the server. An explicit COMMIT is done with its CommandComplete. A statement outside a transaction commits
   * after its CommandComplete, which must therefore be held back, and is done with ReadyForQuery.
   */
  received(message: Message): Progress {
    if (message.type === 'E')
      this.outcome = 'failed'
    else if (message.type === 'C')
      return this.completed(strings(message, 1)[0] ?? '')
    else if (message.type === 'Z')
      return this.ready(String.fromCharCode(message.bytes[5]!))
    return this.outcome === 'completed' && this.commitsItself() ? 'may be committed' : 'before'
  }

  private completed(tag: string): Progress {
    if (tag === 'COMMIT') {
      this.outcome = 'committed'
      return 'committed'
    }
    if (this.outcome === 'none')
      this.outcome = 'completed'
    return this.commitsItself() ? 'may be committed' : 'before'
  }

  private ready(status: string): Progress {
    const done = this.commitsItself() && this.outcome === 'completed' && status === 'I'
    this.cycles.shift()
    this.inTransaction = status !== 'I'
    this.outcome = 'none'
    return done ? 'committed' : 'not committed'
  }

  private commitsItself(): boolean {
    return !this.inTransaction && (this.cycles[0] ?? this.open)?.writes === true && this.outcome !== 'committed'
  }

  private executes(sql: string): boolean {
    this.listens ||= LISTENS.test(sql)
    return WRITES.test(sql)
  }
}
