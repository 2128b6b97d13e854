import type { AddressInfo, Socket } from 'node:net'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

export interface DatabaseProxy {
  /** The same database, by way of the proxy. */
  url: string
  /** Resets every connection and every new one, as a database that is down. */
  refuse: () => void
  /** Swallows what is sent either way, also on new connections, as a network that is cut. */
  swallow: () => void
  restore: () => void
  /** Resets every connection; new ones go to the server of this URL. */
  pointAt: (databaseUrl: string) => void
  /** Cuts the connection of the next accept when the database has committed it, before the answer. Resolves when it has. */
  loseAnswer: () => Promise<void>
  close: () => void
}

/** A way to a database that can be cut. */
export async function startDatabaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  let target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let way: 'open' | 'refused' | 'swallowed' = 'open'
  let awaited: (() => void) | undefined
  const reset = (): void => sockets.forEach(socket => socket.destroy())
  const server = createServer((near) => {
    if (way === 'refused')
      return void near.resetAndDestroy()
    const far = connect(Number(target.port), target.hostname)
    let lose: (() => void) | undefined
    for (const [from, to] of [[near, far], [far, near]] as const) {
      sockets.add(from)
      from.on('data', (chunk) => {
        if (from === near && awaited && chunk.includes('insert-payments')) { // the statement's name
          lose = awaited
          awaited = undefined
        }
        if (from === far && lose) {
          lose()
          near.destroy()
        }
        else if (way === 'open') {
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
  url.hostname = '127.0.0.1' // the database may be at another, a container's
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    refuse: () => {
      way = 'refused'
      reset()
    },
    swallow: () => way = 'swallowed',
    restore: () => {
      way = 'open'
      reset()
    },
    pointAt: (databaseUrl) => {
      target = new URL(databaseUrl)
      reset()
    },
    loseAnswer: () => new Promise(resolve => awaited = resolve),
    close: () => {
      server.close()
      reset()
    },
  }
}
