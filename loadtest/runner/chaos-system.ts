import type { Config } from '../../compose/src/config.ts'
import type { Tampering } from '../tampering/tampering.ts'
import type { System } from './with-system.ts'
import { join } from 'node:path'
import { freePort } from '../../compose/src/machine/ports.ts'
import { Refusal } from '../../compose/src/refusal.ts'
import { prepareTampering } from '../tampering/tampering.ts'
import { startWire } from '../wire/start-wire.ts'
import { temporaryStack } from './temporary-stack.ts'
import { connectSystem } from './with-system.ts'

const APIS = 2
const WORKERS = 2

/** A system for faults, which the caller removes. */
export interface ChaosSystem extends System { remove: () => Promise<void> }

/**
 * Starts a system of two APIs and two workers that shares nothing with a running one, for faults to break: its parts reach Postgres
 * through a wire, its processes can be tampered with, and each API keeps its URL for as long as the system exists.
 */
export async function chaosSystem(config: Config, mode: 'embedded' | 'compose', signal: AbortSignal): Promise<ChaosSystem> {
  if (mode === 'compose')
    throw new Refusal('a chaos system in containers does not exist yet: use MODE=embedded')

  await using resources = new AsyncDisposableStack()
  const wirePort = await freePort()
  const apiPorts = [await freePort()]
  let tampering: Tampering | undefined
  const { stack, ports, remove } = await temporaryStack({ ...config, apis: APIS, workers: WORKERS }, 'payments-chaos-', (folder) => {
    const prepared = prepareTampering(join(folder, 'tampering'))
    tampering = prepared.tampering
    return { wirePort, apiPorts, env: prepared.env }
  })
  resources.defer(remove)
  const { wire, stop } = await startWire(wirePort, { host: '127.0.0.1', port: ports.postgres })
  resources.defer(stop)
  await stack.start(() => {}, signal)
  const system = await connectSystem(stack, 'a system of its own', { wire, tampering: tampering! })
  resources.defer(() => system.database.end().catch(() => {}))
  const all = resources.move()
  return { ...system, remove: () => all.disposeAsync() }
}
