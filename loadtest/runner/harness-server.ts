import type { AddressInfo } from 'node:net'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { explain } from '../../compose/src/refusal.ts'

/** Operations that a scenario may call, by name: see k6/lib/harness.ts. */
export type Verbs = Record<string, (body: Record<string, unknown>) => Promise<object>>

/** Serves the verbs to the k6 of this run: on loopback, under a path that nobody else knows. */
export async function serveHarness(verbs: Verbs): Promise<{ url: string, close: () => void }> {
  const secret = randomUUID()
  const server = createServer((req, res) => {
    const verb = verbs[req.url?.split('/')[2] ?? '']
    if (req.method !== 'POST' || !req.url?.startsWith(`/${secret}/`) || !verb)
      return void res.writeHead(404).end()
    json(req).then(body => verb(body as Record<string, unknown>)).then(
      answer => res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer)),
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
