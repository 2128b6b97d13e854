// Preloaded into the workers of a chaos system. Kills the worker when it posts the payment that the file CHAOS_KILL_AT names, as a
// job does that crashes its process: the job is claimed, the transaction is open, and nothing of it is sent.
import { readFileSync } from 'node:fs'
import { Socket } from 'node:net'

/** The prepared statement that settles payments: recon-worker/src/sql/post-batch.ts. */
const POST = 'post-batch'
const file = process.env.CHAOS_KILL_AT!

const write = Socket.prototype.write as (this: Socket, ...args: unknown[]) => boolean
Socket.prototype.write = function (this: Socket, ...args: unknown[]) {
  const [chunk] = args
  if (Buffer.isBuffer(chunk) && chunk.includes(POST)) {
    const paymentId = readFileSync(file, 'utf8')
    if (paymentId !== '' && chunk.includes(paymentId))
      process.kill(process.pid, 'SIGKILL')
  }
  return write.apply(this, args)
} as typeof Socket.prototype.write
