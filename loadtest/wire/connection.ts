import type { Message } from './messages.ts'
import type { Conditions } from './wire.ts'
import { Socket } from 'node:net'
import { Lane } from './lane.ts'
import { MessageReader, readStartup } from './messages.ts'
import { Session } from './session.ts'

const NO_ENCRYPTION = Buffer.from('N')

/** What a connection needs to know about the wire. */
export interface Rules {
  conditions: () => Conditions
  /** Whether to cut the connection of this login now, at a commit. Counts the commit. */
  cutsCommit: (login: string) => boolean
  /** Whether commits of this login are counted at all; else nothing is held back. */
  countsCommits: (login: string) => boolean
  droppedNotification: () => void
}

/** A client's connection, and the one to Postgres that belongs to it. */
export class Connection {
  /** Bytes of both directions disappear, for good. */
  private dead = false
  private login = ''
  private readonly client: Socket
  private readonly server: Socket
  private readonly up: Lane
  private readonly down: Lane
  private readonly rules: Rules
  private readonly session = new Session()
  private readonly fromClient = new MessageReader(true)
  private readonly fromServer = new MessageReader(false)
  private held: Buffer[] = []
  private cut = false
  /** It has lost a notification. It stays deaf, like a connection whose backend a pooler gave to another client. */
  private deaf = false

  constructor(client: Socket, target: { host: string, port: number }, rules: Rules) {
    this.client = client
    this.server = new Socket({ allowHalfOpen: true })
    this.rules = rules
    this.up = new Lane(client, this.server, rules.conditions)
    this.down = new Lane(this.server, client, rules.conditions)
    this.server.setNoDelay(true)
    client.on('data', chunk => this.read(() => this.clientSent(chunk)))
    this.server.on('data', chunk => this.read(() => this.serverSent(chunk)))
    client.on('end', () => this.dead ? this.closeIfGone() : this.up.afterwards(() => this.server.end()))
    this.server.on('end', () => this.dead || this.down.afterwards(() => client.end()))
    for (const socket of [client, this.server])
      socket.on('error', () => {}) // 'close' follows
    client.on('close', () => {
      this.down.stop()
      this.closeIfGone()
    })
    this.server.on('close', (hadError) => {
      if (!this.dead)
        this.down.afterwards(() => hadError ? client.destroy() : client.end())
    })
    this.dead = rules.conditions().dropsBytes ?? false
    if (!this.dead)
      this.server.connect(target)
  }

  /** From now on bytes of both directions disappear. */
  die(): void {
    this.dead = true
    this.up.stop()
    this.down.stop()
  }

  conditionsChanged(): void {
    this.closeIfGone()
    this.up.pump()
    this.down.pump()
  }

  /** Once the network works, Postgres notices that a client has closed its side. */
  private closeIfGone(): void {
    if (this.rules.conditions().dropsBytes || !(this.client.destroyed || (this.dead && this.client.readableEnded)))
      return
    this.client.destroy()
    this.server.destroy()
  }

  isOver(): boolean {
    return this.client.destroyed && this.server.destroyed
  }

  reset(): void {
    this.client.resetAndDestroy()
    this.server.resetAndDestroy()
  }

  private read(parse: () => void): void {
    if (this.dead)
      return
    try {
      parse()
    }
    catch (error) {
      console.error(String(error))
      this.reset()
    }
  }

  private clientSent(chunk: Buffer): void {
    for (const message of this.fromClient.read(chunk)) {
      if (message.type !== '') {
        this.session.sent(message)
      }
      else {
        const startup = readStartup(message)
        if (startup.asks === 'encryption') {
          this.down.push(NO_ENCRYPTION)
          continue
        }
        this.fromClient.started()
        this.login = startup.asks === 'session' ? startup.login : ''
      }
      this.up.push(message.bytes)
    }
  }

  private serverSent(chunk: Buffer): void {
    const passed: Buffer[] = []
    for (const message of this.fromServer.read(chunk)) {
      if (this.cut)
        break
      if (message.type === 'A')
        this.deaf ||= this.session.listens && this.rules.conditions().dropsNotifications === true
      if (message.type === 'A' && this.deaf)
        this.rules.droppedNotification()
      else
        passed.push(...this.released(message))
    }
    if (passed.length > 0)
      this.down.push(passed.length === 1 ? passed[0]! : Buffer.concat(passed))
    if (this.cut)
      this.cutOff()
  }

  /** The messages that may pass now that this one has arrived. */
  private released(message: Message): Buffer[] {
    const progress = this.session.received(message)
    if (progress === 'committed' && this.rules.cutsCommit(this.login)) {
      this.cut = true
      return []
    }
    if (progress === 'may be committed' && this.rules.countsCommits(this.login)) {
      this.held.push(message.bytes)
      return []
    }
    const released = [...this.held, message.bytes]
    this.held = []
    return released
  }

  private cutOff(): void {
    this.server.destroy()
    this.down.afterwards(() => this.client.destroySoon())
  }
}
