import type { Server, Socket } from 'node:net'
import type { CommitCuts, Conditions, Wire, WireStatus } from './wire.ts'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { Connection } from './connection.ts'

/** More than Postgres accepts. Further clients are reset. */
const MAX_CONNECTIONS = 1_000

export interface WireAddress { host: string, port: number }

/** The wire in this process. The conditions of several faults add up: the longest latency, the smallest bandwidth. */
export class WireProxy implements Wire {
  private readonly listen: WireAddress
  private readonly target: WireAddress
  private server: Server | undefined
  private readonly connections = new Set<Connection>()
  private readonly imposed = new Map<string, Conditions>()
  private readonly cuts = new Map<string, CommitCuts>()
  private conditions: Conditions = {}
  private cutCount = 0
  private droppedCount = 0

  constructor(listen: WireAddress, target: WireAddress) {
    this.listen = listen
    this.target = target
  }

  async start(): Promise<void> {
    if (this.server)
      return
    const server = createServer({ allowHalfOpen: true, noDelay: true }, client => this.accept(client))
    this.server = server
    server.listen({ ...this.listen, backlog: MAX_CONNECTIONS })
    await once(server, 'listening')
  }

  async stop(): Promise<void> {
    this.refuse()
    await this.resetAll()
  }

  async impose(fault: string, conditions: Conditions): Promise<void> {
    this.imposed.set(fault, conditions)
    await this.changed()
  }

  async cutCommits(fault: string, cuts: CommitCuts): Promise<void> {
    this.cuts.set(fault, { ...cuts })
  }

  async lift(fault: string): Promise<void> {
    this.cuts.delete(fault)
    this.imposed.delete(fault)
    await this.changed()
  }

  async resetAll(): Promise<void> {
    for (const connection of this.connections)
      connection.reset()
  }

  async status(): Promise<WireStatus> {
    this.forgetClosed()
    return { connections: this.connections.size, cutCommits: this.cutCount, droppedNotifications: this.droppedCount }
  }

  private accept(client: Socket): void {
    this.forgetClosed()
    if (this.connections.size >= MAX_CONNECTIONS)
      return void client.resetAndDestroy()
    const connection = new Connection(client, this.target, {
      conditions: () => this.conditions,
      countsCommits: login => this.cutsOf(login) !== undefined,
      cutsCommit: login => this.countCommit(login),
      droppedNotification: () => this.droppedCount++,
    })
    this.connections.add(connection)
  }

  private forgetClosed(): void {
    for (const connection of this.connections) {
      if (connection.isOver())
        this.connections.delete(connection)
    }
  }

  private cutsOf(login: string): CommitCuts | undefined {
    return [...this.cuts.values()].find(cuts => cuts.login === login && cuts.count > 0)
  }

  private countCommit(login: string): boolean {
    const cuts = this.cutsOf(login)
    if (!cuts || cuts.skip-- > 0)
      return false
    cuts.skip = 0
    cuts.count--
    this.cutCount++
    return true
  }

  private async changed(): Promise<void> {
    const all = [...this.imposed.values()]
    const most = (name: 'latencyMs' | 'jitterMs') => Math.max(0, ...all.map(conditions => conditions[name] ?? 0))
    const bandwidths = all.flatMap(({ bytesPerSecond }) => bytesPerSecond ?? [])
    this.conditions = {
      latencyMs: most('latencyMs'),
      jitterMs: most('jitterMs'),
      bytesPerSecond: bandwidths.length > 0 ? Math.min(...bandwidths) : undefined,
      dropsBytes: all.some(({ dropsBytes }) => dropsBytes),
      refuses: all.some(({ refuses }) => refuses),
      dropsNotifications: all.some(({ dropsNotifications }) => dropsNotifications),
    }
    for (const connection of this.connections) {
      if (this.conditions.dropsBytes)
        connection.die()
      connection.conditionsChanged()
    }
    if (!this.conditions.refuses)
      return this.start()
    this.refuse()
    await this.resetAll()
  }

  private refuse(): void {
    this.server?.close()
    this.server = undefined
  }
}
