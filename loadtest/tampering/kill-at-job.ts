// Preloaded into the workers of a chaos system. Kills the worker when it posts the payment that the file CHAOS_KILL_AT names, as a
// job does that crashes its process: the job is claimed, the transaction is open, and nothing of it is sent.
import { readFileSync } from 'node:fs'
import { Socket } from 'node:net'

const POLL_MS = 100
/** The prepared statement that settles payments: recon-worker/src/sql/post-batch.ts. */
const POST = 'post-batch'

let paymentId = ''
function read(): void {
  paymentId = readFileSync(process.env.CHAOS_KILL_AT!, 'utf8')
}
read()
setInterval(read, POLL_MS).unref()

const write = Socket.prototype.write as (this: Socket, ...args: unknown[]) => boolean
Socket.prototype.write = function (this: Socket, ...args: unknown[]) {
  const [chunk] = args
  if (paymentId !== '' && Buffer.isBuffer(chunk) && chunk.includes(POST) && chunk.includes(paymentId))
    process.kill(process.pid, 'SIGKILL')
  return write.apply(this, args)
} as typeof Socket.prototype.write
