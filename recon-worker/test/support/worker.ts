import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const START_DEADLINE_MS = 60_000

export interface Worker {
  url: string
  process: ChildProcess
  /** The lines that the worker has logged. */
  log: string[]
  /** Sends SIGTERM and resolves with the exit code. */
  stop: () => Promise<number | null>
}

/** Starts the real worker as a separate process, with its health checks on a free port. */
export async function startWorker(databaseUrl: string, env: Record<string, string> = {}): Promise<Worker> {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      PORT: '0',
      LOG_LEVEL: 'info',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))

  const log: string[] = []
  let stderr = ''
  child.stderr.on('data', chunk => stderr += String(chunk))
  const listening = new Promise<number>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      log.push(line)
      const entry = JSON.parse(line) as { msg?: string, port?: number }
      if (entry.msg === 'listening' && entry.port !== undefined)
        resolve(entry.port)
    })
    child.once('exit', code => reject(new Error(`the worker ended with ${code}: ${stderr}`)))
    setTimeout(() => reject(new Error(`the worker did not start: ${stderr}${log.join('\n')}`)), START_DEADLINE_MS).unref()
  })
  const port = await listening.catch((error: unknown) => {
    kill()
    throw error
  })
  return {
    url: `http://127.0.0.1:${port}`,
    process: child,
    log,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit')
        child.kill('SIGTERM')
        await exited
      }
      return child.exitCode
    },
  }
}
