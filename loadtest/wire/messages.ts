/** A message that is longer than this ends the connection. Ours stay below 1 MB. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024
const HEADER_BYTES = 5

/** A message of Postgres's protocol (https://www.postgresql.org/docs/18/protocol-message-formats.html). */
export interface Message {
  /** One letter; empty for the messages at the start of a connection, which have no type. */
  type: string
  /** The whole message, as it was sent. */
  bytes: Buffer
}

/** Splits a stream into messages. With `startup`, the first message has no type, until `started` is called. */
export class MessageReader {
  private rest: Buffer = Buffer.alloc(0)
  private untyped: boolean

  constructor(startup: boolean) {
    this.untyped = startup
  }

  /** From now on each message begins with its type. */
  started(): void {
    this.untyped = false
  }

  /** Yields the messages that are complete. Throws if one is too long. */
  * read(chunk: Buffer): Generator<Message> {
    this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk])
    while (true) {
      const lengthAt = this.untyped ? 0 : 1
      if (this.rest.length < lengthAt + 4)
        return
      const length = lengthAt + this.rest.readUInt32BE(lengthAt)
      if (length > MAX_MESSAGE_BYTES)
        throw new Error(`a message of ${length} bytes is longer than the wire reads`)
      if (this.rest.length < length)
        return
      const bytes = this.rest.subarray(0, length)
      this.rest = this.rest.subarray(length)
      yield { type: this.untyped ? '' : String.fromCharCode(bytes[0]!), bytes }
    }
  }
}

/** The zero-terminated strings at the start of a message's body, as many as asked for. */
export function strings({ bytes }: Message, count: number): string[] {
  const found: string[] = []
  for (let start = HEADER_BYTES; found.length < count;) {
    const end = bytes.indexOf(0, start)
    if (end === -1)
      break
    found.push(bytes.toString('utf8', start, end))
    start = end + 1
  }
  return found
}

const PROTOCOL_3 = 3
const SSL_REQUEST = 80_877_103
const GSS_REQUEST = 80_877_104

/** What a client asks for with its first message; the login if it starts a session. */
export function readStartup({ bytes }: Message): { asks: 'session', login: string } | { asks: 'encryption' | 'cancel' } {
  const code = bytes.readUInt32BE(4)
  if (code === SSL_REQUEST || code === GSS_REQUEST)
    return { asks: 'encryption' }
  if (code >>> 16 !== PROTOCOL_3)
    return { asks: 'cancel' }
  const parameters = bytes.toString('utf8', 8).split('\0')
  const user = parameters.findIndex((name, index) => index % 2 === 0 && name === 'user')
  return { asks: 'session', login: parameters[user + 1] ?? '' }
}
