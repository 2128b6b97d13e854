import type { AddressInfo, Socket } from 'node:net'
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** The statements of a batch, in the order in which a worker sends them. */
export const BATCH_STEPS = ['begin', 'claim', 'savepoint', 'post', 'release', 'notify', 'commit'] as const
export type Step = typeof BATCH_STEPS[number] | 'listen'

/**
 * When a connection falls silent: before the message reaches the database, after the database has run it but before the response
 * comes back, or right after the response.
 */
export type Moment = 'before' | 'unacknowledged' | 'acknowledged'

export interface Proxy {
  /** The database's URL through the proxy. */
  url: string
  /** Silences the next connection that reaches this step, once. Resolves when that has happened. */
  silence: (step: Step, moment: Moment) => Promise<void>
  /** Cuts every connection. */
  cut: () => void
  close: () => Promise<void>
}

/** Starts a proxy that reads the messages to Postgres, so that a test can lose a connection at an exact step of a transaction. */
export async function startProxy(databaseUrl: string): Promise<Proxy> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let awaited: { step: Step, moment: Moment, reached: () => void } | undefined

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    let moment: Moment | undefined
    let reached: () => void = () => {}
    for (const [socket, other] of [[client, upstream], [upstream, client]] as const) {
      sockets.add(socket)
      socket.setNoDelay(true).on('error', () => {}).on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }

    const messages = messageReader()
    client.on('data', (chunk) => {
      for (const message of messages(chunk)) {
        if (awaited && stepOf(message) === awaited.step) {
          ({ moment, reached } = awaited)
          awaited = undefined
          if (moment === 'before')
            reached()
        }
        if (moment !== 'before')
          upstream.write(message)
      }
    })
    upstream.on('data', (chunk) => {
      if (moment === undefined)
        return void client.write(chunk)
      if (moment === 'acknowledged') {
        client.write(chunk)
        moment = 'before' // from now on nothing passes in either direction
      }
      reached()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as AddressInfo).port)
  const cut = (): void => sockets.forEach(socket => socket.destroy())
  return {
    url: url.href,
    silence: (step, moment) => new Promise((resolve) => {
      awaited = { step, moment, reached: resolve }
    }),
    cut,
    close: async () => {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Splits a stream into messages of the Postgres protocol. Only the first one, the startup message, has no type byte. */
function messageReader(): (chunk: Buffer) => Buffer[] {
  let rest: Buffer = Buffer.alloc(0)
  let typeBytes = 0
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    const messages: Buffer[] = []
    while (rest.length >= typeBytes + 4) {
      const length = typeBytes + rest.readInt32BE(typeBytes)
      if (rest.length < length)
        break
      messages.push(rest.subarray(0, length))
      rest = rest.subarray(length)
      typeBytes = 1
    }
    return messages
  }
}

/** Derives the step from the text of a simple query ("Q"), or the name of the bound statement ("B": portal, statement, ...). */
function stepOf(message: Buffer): Step | undefined {
  const type = String.fromCharCode(message[0]!)
  const [first = '', second = ''] = message.toString('latin1', 5, 300).split('\0')
  const said = type === 'Q' ? first : type === 'B' ? second : ''
  return /^(?:begin|claim|savepoint|post|release|notify|commit|listen)\b/i.exec(said)?.[0].toLowerCase() as Step | undefined
}
