import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { signalAll } from './measure-settling.ts'

const READY_TIMEOUT_MS = 30_000

/** Starts a peer's worker, waits until it prints `ready`, and stops it with SIGSTOP. Returns its process id. */
export async function startWorker(script: string, databaseUrl: string, resources: AsyncDisposableStack, env: Record<string, string> = {}): Promise<number> {
  const worker = spawn(process.execPath, [join(import.meta.dirname, script)], {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', DATABASE_URL: databaseUrl, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(worker, 'exit')
  resources.defer(async () => {
    worker.kill('SIGKILL')
    await ended
  })
  const line = await Promise.race([
    once(createInterface(worker.stdout), 'line', { signal: AbortSignal.timeout(READY_TIMEOUT_MS) }),
    ended,
  ]) as [unknown]
  if (line[0] !== 'ready')
    throw new Error(`${script} did not start: ${String(line[0])}`)
  signalAll([worker.pid!], 'SIGSTOP')
  return worker.pid!
}
