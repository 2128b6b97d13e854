import type { Stack } from '../../compose/src/stack.ts'

const LOG_LINES = 2_000
const LOG_TIMEOUT_MS = 20_000
/** `log_line_prefix` in compose/postgres/postgresql.conf. */
const DEADLOCK = /^(\S+ \S+) UTC \[\d+\] payments_(?:api|worker)@\S* ERROR:\s+deadlock detected/

/** Postgres' log lines since then (epoch milliseconds) that say that it ended one of our transactions because of a deadlock. */
export async function findDeadlocks(stack: Stack, from: number): Promise<string[]> {
  const found: string[] = []
  for await (const { part, text } of stack.logs({ lines: LOG_LINES, follow: false, signal: AbortSignal.timeout(LOG_TIMEOUT_MS) })) {
    const [, time] = part === 'postgres' ? DEADLOCK.exec(text) ?? [] : []
    if (time !== undefined && Date.parse(`${time}Z`) >= from)
      found.push(text)
  }
  return found
}
