import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'

/** A kill switch that listens. */
export interface KillSwitch {
  /** `http://127.0.0.1:<port>`, on a free port. */
  url: string
  /** Known only to the console, and different at each start. */
  token: string
  close: () => void
}

/** A request has no body and few headers; whatever is slower or longer is not from the console. */
const LIMITS = { requestTimeout: 5_000, headersTimeout: 5_000, maxHeaderSize: 16_384, connectionsCheckingInterval: 1_000 }
const WORKER = /^\/kill\/(worker-\d{1,3})$/

/**
 * Listens on this machine for `POST /kill/worker-2`, by which the console's map kills a worker (CONSOLE_CHAOS=1). The browser calls
 * it, not the console's server, which therefore has no rights over processes. Only pages from `origins` that know the token are
 * served, and only workers can be killed.
 *
 * @param origins the console's origins, such as http://localhost:3000
 * @param kill kills a worker's process; returns false if it is not running
 */
export async function listenForKills(origins: readonly string[], kill: (worker: string) => boolean): Promise<KillSwitch> {
  const token = randomBytes(32).toString('base64url')
  const server: Server = createServer(LIMITS, (req, res) => {
    req.resume()
    const { status, problem } = respond(req, res)
    res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    res.end(status === 204 ? undefined : JSON.stringify({ title: problem }))
  })

  const address = () => `127.0.0.1:${(server.address() as AddressInfo).port}`

  function respond(req: IncomingMessage, res: ServerResponse): { status: number, problem?: string } {
    const { origin = '', host, authorization = '' } = req.headers
    // The Host guards against a name of another site that resolves to this machine.
    if (!origins.includes(origin) || host !== address())
      return { status: 403, problem: 'Only the console\'s pages may call this.' }
    res.setHeader('access-control-allow-origin', origin)
    res.setHeader('vary', 'origin')
    if (req.method === 'OPTIONS') {
      res.setHeader('access-control-allow-methods', 'POST')
      res.setHeader('access-control-allow-headers', 'authorization')
      return { status: 204 }
    }
    if (req.method !== 'POST')
      return { status: 405, problem: 'Only POST kills a worker.' }
    if (!isEqual(authorization, `Bearer ${token}`))
      return { status: 401, problem: 'The token is not the one of this start. Reload the page.' }
    const [, worker] = WORKER.exec(req.url ?? '') ?? []
    if (worker === undefined)
      return { status: 404, problem: 'Only workers can be killed: POST /kill/worker-1.' }
    return kill(worker) ? { status: 204 } : { status: 409, problem: `${worker} is not running.` }
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://${address()}`,
    token,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** Compares in a time that does not depend on where the texts differ. */
function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
