import type { AddressInfo, Socket } from 'node:net'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

export interface DatabaseProxy {
  /** The same database, through the proxy. */
  url: string
  /** Resets all connections, including new ones, like a database that is down. */
  refuse: () => void
  /** Drops everything sent in both directions, also on new connections, like a cut network. */
  blackhole: () => void
  restore: () => void
  /** Drops the notifications of the open connections and nothing else, like a pooler that has moved them to another server. */
  deafen: () => void
  /** Resets every connection; new ones go to the server of this URL. */
  pointAt: (databaseUrl: string) => void
  /** Cuts the connection of the next write of payments after its commit and before its response. Resolves when it is cut. */
  loseResponse: () => Promise<void>
  close: () => void
}

/** A proxy in front of a database that can break the connections. */
export async function startDatabaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  let target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let mode: 'open' | 'refusing' | 'blackhole' = 'open'
  let onLoss: (() => void) | undefined
  const deaf = new Set<Socket>()
  const reset = (): void => sockets.forEach(socket => socket.destroy())
  const server = createServer((client) => {
    if (mode === 'refusing')
      return void client.resetAndDestroy()
    const upstream = connect(Number(target.port), target.hostname)
    let lose: (() => void) | undefined
    for (const [from, to] of [[client, upstream], [upstream, client]] as const) {
      sockets.add(from)
      from.on('data', (chunk) => {
        if (from === client && onLoss && chunk.includes('insert-payments')) { // the statement's name
          lose = onLoss
          onLoss = undefined
        }
        if (from === upstream && lose) {
          lose()
          client.destroy()
        }
        else if (mode === 'open') {
          to.write(from === upstream && deaf.has(from) ? withoutNotifications(chunk) : chunk)
        }
      })
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
        deaf.delete(from)
        to.destroy()
      })
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1' // the proxy runs here, even if the database runs in a container
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    refuse: () => {
      mode = 'refusing'
      reset()
    },
    blackhole: () => mode = 'blackhole',
    restore: () => {
      mode = 'open'
      reset()
    },
    deafen: () => sockets.forEach(socket => deaf.add(socket)),
    pointAt: (databaseUrl) => {
      target = new URL(databaseUrl)
      reset()
    },
    loseResponse: () => new Promise(resolve => onLoss = resolve),
    close: () => {
      server.close()
      reset()
    },
  }
}

/** The server's messages without NotificationResponse. On a quiet connection, a chunk consists of whole messages. */
function withoutNotifications(chunk: Buffer): Buffer {
  const kept: Buffer[] = []
  for (let start = 0; start < chunk.length;) {
    const end = start + 1 + chunk.readInt32BE(start + 1)
    if (chunk[start] !== 'A'.charCodeAt(0))
      kept.push(chunk.subarray(start, end))
    start = end
  }
  return Buffer.concat(kept)
}
