import type { Wire } from './wire.ts'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'

const CALL_TIMEOUT_MS = 10_000

const CALLS = ['impose', 'cutCommits', 'lift', 'resetAll', 'status'] as const satisfies (keyof Wire)[]

/** Serves the calls of a wire over HTTP: POST /CALL with the arguments as a JSON array. */
export function serveWire(wire: Wire, { host, port }: { host: string, port: number }): void {
  createServer((req, res) => {
    const call = CALLS.find(name => req.method === 'POST' && req.url === `/${name}`)
    if (!call)
      return void res.writeHead(404).end()
    json(req).then(args => (wire[call] as (...args: unknown[]) => Promise<unknown>)(...args as unknown[])).then(
      result => res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(result ?? null)),
      error => res.writeHead(500).end(String(error)),
    )
  }).listen(port, host)
}

/** A wire in another process or container, by the URL of its control. Each call throws if the wire does not respond. */
export function remoteWire(url: string): Wire {
  const call = async (name: string, args: unknown[]): Promise<unknown> => {
    const response = await fetch(`${url}/${name}`, { method: 'POST', body: JSON.stringify(args), signal: AbortSignal.timeout(CALL_TIMEOUT_MS) })
    if (!response.ok)
      throw new Error(`the wire at ${url} did not ${name}: ${await response.text()}`)
    return response.json()
  }
  return Object.fromEntries(CALLS.map(name => [name, (...args: unknown[]) => call(name, args)])) as unknown as Wire
}
