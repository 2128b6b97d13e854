import type { WireAddress } from './wire-proxy.ts'
import type { Wire } from './wire.ts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { freePort } from '../../compose/src/machine/ports.ts'
import { endProcess, identify } from '../../compose/src/machine/processes.ts'
import { remoteWire } from './control.ts'

const HOST = '127.0.0.1'
const STOP_TIMEOUT_MS = 10_000

/** Starts a wire as a process that ends with this one, and waits until it listens. Throws with its output if it does not start. */
export async function startWire(port: number, target: WireAddress): Promise<{ wire: Wire, stop: () => Promise<void> }> {
  const controlPort = await freePort()
  const args = [join(import.meta.dirname, 'main.ts'), `${HOST}:${port}`, `${target.host}:${target.port}`, `${HOST}:${controlPort}`, '--attached']
  const child = spawn(process.execPath, args, { env: {}, stdio: ['pipe', 'pipe', 'pipe'] })
  const identity = identify(child.pid!)
  const ended = once(child, 'exit')
  const errors = text(child.stderr)
  const listens = await Promise.race([once(child.stdout, 'data').then(() => true), ended.then(() => false)])
  if (!listens)
    throw new Error(`the wire did not start: ${await errors}`)
  return {
    wire: remoteWire(`http://${HOST}:${controlPort}`),
    stop: async () => {
      if (identity)
        await endProcess(identity, 'SIGTERM', STOP_TIMEOUT_MS)
    },
  }
}
