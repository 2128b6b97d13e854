import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { createServer, request } from 'node:http'

/** An event stream begins at once; then the relay ends it. */
const STREAM_MS = 100

/** A relay that ends every event stream after its first events, for clients that read a response to its end. */
export async function startRelay(target: string): Promise<{ url: string, stop: () => Promise<void> }> {
  const { hostname, port } = new URL(target)
  const server = createServer((req, res) => {
    const upstream = request({ hostname, port, method: req.method, path: req.url, headers: req.headers }, (answer) => {
      res.writeHead(answer.statusCode!, answer.rawHeaders)
      if (answer.headers['content-type']?.startsWith('text/event-stream')) {
        setTimeout(() => {
          res.end()
          upstream.destroy()
        }, STREAM_MS)
      }
      answer.on('error', () => res.end()).pipe(res)
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
