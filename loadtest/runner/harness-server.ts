import type { AddressInfo } from 'node:net'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { explain } from '../../compose/src/refusal.ts'

/** The operations that a scenario may call, by name: see k6/lib/harness.ts. */
type HarnessOperations = Record<string, (body: Record<string, unknown>) => Promise<object>>

/** Serves the operations to this run's k6, on loopback under a secret path. */
export async function serveHarness(operations: HarnessOperations): Promise<{ url: string, close: () => void }> {
  const secret = randomUUID()
  const server = createServer((req, res) => {
    const operation = operations[req.url?.split('/')[2] ?? '']
    if (req.method !== 'POST' || !req.url?.startsWith(`/${secret}/`) || !operation)
      return void res.writeHead(404).end()
    json(req).then(body => operation(body as Record<string, unknown>)).then(
      result => res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(result)),
      error => res.writeHead(500).end(explain(error)),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${secret}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
