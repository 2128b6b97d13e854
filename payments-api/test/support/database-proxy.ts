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
          to.write(chunk)
        }
      })
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
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
