import type { Socket } from 'node:net'
import type { Conditions } from './wire.ts'

/** Stop reading from one side while this many bytes wait for the other. */
const MAX_QUEUED_BYTES = 256 * 1024
/** A limited bandwidth is spent in slices of at least this long. */
const SLICE_MS = 100

interface Packet { bytes: Buffer, dueAt: number }

/** One direction of a connection: passes bytes on, in order, as late and as slowly as the conditions say. */
export class Lane {
  private readonly from: Socket
  private readonly to: Socket
  private readonly conditions: () => Conditions
  private readonly queue: Packet[] = []
  private queuedBytes = 0
  private timer: NodeJS.Timeout | undefined
  private nextSliceAt = 0
  private lastDueAt = 0
  private blocked = false
  private whenEmpty: (() => void) | undefined

  constructor(from: Socket, to: Socket, conditions: () => Conditions) {
    this.from = from
    this.to = to
    this.conditions = conditions
    to.on('drain', () => {
      this.blocked = false
      this.pump()
    })
  }

  push(bytes: Buffer): void {
    const { latencyMs = 0, jitterMs = 0 } = this.conditions()
    this.lastDueAt = Math.max(this.lastDueAt, performance.now() + latencyMs + Math.random() * jitterMs)
    this.queue.push({ bytes, dueAt: this.lastDueAt })
    this.queuedBytes += bytes.length
    if (this.queuedBytes > MAX_QUEUED_BYTES)
      this.from.pause()
    this.pump()
  }

  /** Calls `done` once every byte has been passed on. */
  afterwards(done: () => void): void {
    this.whenEmpty = done
    this.pump()
  }

  /** Applies changed conditions to what waits. */
  pump(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    while (!this.blocked && this.queue.length > 0) {
      const waitMs = this.waitMs(this.queue[0]!)
      if (waitMs > 0) {
        this.timer = setTimeout(() => this.pump(), waitMs)
        return
      }
      this.writeNext()
    }
    if (this.queue.length === 0)
      this.whenEmpty?.()
  }

  private waitMs({ dueAt }: Packet): number {
    const sliceAt = this.conditions().bytesPerSecond === undefined ? 0 : this.nextSliceAt
    return Math.ceil(Math.max(dueAt, sliceAt) - performance.now())
  }

  private writeNext(): void {
    const { bytesPerSecond } = this.conditions()
    const packet = this.queue[0]!
    let bytes = packet.bytes
    if (bytesPerSecond !== undefined) {
      const sliceMs = Math.max(SLICE_MS, 1_000 / bytesPerSecond)
      bytes = bytes.subarray(0, Math.max(1, Math.floor(bytesPerSecond * sliceMs / 1_000)))
      this.nextSliceAt = performance.now() + sliceMs
    }
    packet.bytes = packet.bytes.subarray(bytes.length)
    if (packet.bytes.length === 0)
      this.queue.shift()
    this.queuedBytes -= bytes.length
    if (!this.to.destroyed && this.to.writable)
      this.blocked = !this.to.write(bytes)
    if (this.queuedBytes <= MAX_QUEUED_BYTES)
      this.from.resume()
  }

  stop(): void {
    clearTimeout(this.timer)
    this.queue.length = 0
    this.queuedBytes = 0
  }
}
