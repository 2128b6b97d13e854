import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { assertDocumented } from './documented.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const START_DEADLINE_MS = 60_000 // a start takes 10 s on a machine that is 10× overloaded

export interface Api {
  /** For example http://127.0.0.1:43210 */
  url: string
  process: ChildProcess
  /** The lines that the API has logged. */
  log: string[]
  /** Sends SIGTERM and returns the exit code. */
  stop: () => Promise<number | null>
}

/** Starts the API as a separate process, on a free port. */
export async function startApi(databaseUrl: string, env: Record<string, string> = {}): Promise<Api> {
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
    child.once('exit', code => reject(new Error(`the API ended with ${code}: ${stderr}`)))
    setTimeout(() => reject(new Error(`the API did not start: ${stderr}${log.join('\n')}`)), START_DEADLINE_MS).unref()
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

export interface ApiResponse<Body> {
  status: number
  headers: Headers
  text: string
  body: Body
}

/** Sends a request, reads the whole response and asserts that the OpenAPI document describes it. Sends a string as is, other bodies as JSON. */
export async function call<Body = Record<string, unknown>>(url: string, { headers, body, ...init }: { method?: string, headers?: Record<string, string>, body?: unknown } = {}): Promise<ApiResponse<Body>> {
  const res = await fetch(url, {
    ...init,
    ...(body !== undefined && {
      method: init.method ?? 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    signal: AbortSignal.timeout(30_000),
  })
  const text = await res.text()
  const contentType = res.headers.get('content-type') ?? ''
  const parsed: unknown = text && /json/.test(contentType) ? JSON.parse(text) : undefined
  assertDocumented(init.method ?? (body === undefined ? 'GET' : 'POST'), url, { status: res.status, contentType, body: parsed })
  return {
    status: res.status,
    headers: res.headers,
    text,
    body: parsed as Body,
  }
}
