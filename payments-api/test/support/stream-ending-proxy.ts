import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { createServer, request } from 'node:http'

/** How long an event stream lasts: its first events arrive at once. */
const STREAM_MS = 100

/** A proxy that ends every event stream after its first events, for clients that read a response to its end. */
export async function startStreamEndingProxy(target: string): Promise<{ url: string, stop: () => Promise<void> }> {
  const { hostname, port } = new URL(target)
  const server = createServer((req, res) => {
    const upstream = request({ hostname, port, method: req.method, path: req.url, headers: req.headers }, (response) => {
      res.writeHead(response.statusCode!, response.rawHeaders)
      if (response.headers['content-type']?.startsWith('text/event-stream')) {
        setTimeout(() => {
          res.end()
          upstream.destroy()
        }, STREAM_MS)
      }
      response.on('error', () => res.end()).pipe(res)
    })
    upstream.on('error', () => res.destroy())
    req.pipe(upstream)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
