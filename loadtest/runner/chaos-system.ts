import type { Config } from '../../compose/src/config.ts'
import type { Tampering } from '../tampering/tampering.ts'
import type { System } from './with-system.ts'
import { join } from 'node:path'
import { freePort } from '../../compose/src/machine/ports.ts'
import { prepareTampering } from '../tampering/tampering.ts'
import { remoteWire } from '../wire/control.ts'
import { startWire } from '../wire/start-wire.ts'
import { temporaryContainers, temporaryStack } from './temporary-stack.ts'
import { connectSystem } from './with-system.ts'

const APIS = 2
const WORKERS = 2

/** A system for faults, which the caller removes. */
export interface ChaosSystem extends System { remove: () => Promise<void> }

/**
 * Starts a system of two APIs and two workers that shares nothing with a running one, for faults to break: its parts reach Postgres
 * through a wire, and each API keeps its URL for as long as the system exists. Processes can be tampered with, containers cannot.
 */
export async function chaosSystem(config: Config, mode: 'embedded' | 'compose', signal: AbortSignal): Promise<ChaosSystem> {
  await using resources = new AsyncDisposableStack()
  const sized = { ...config, apis: APIS, workers: WORKERS }
  const { stack, ...access } = await (mode === 'embedded' ? startProcesses : startContainers)(sized, signal, resources)
  const system = await connectSystem(stack, 'a system of its own', access)
  resources.defer(() => system.database.end().catch(() => {}))
  const all = resources.move()
  return { ...system, remove: () => all.disposeAsync() }
}

type Started = Pick<System, 'stack' | 'wire' | 'tampering'>

async function startProcesses(config: Config, signal: AbortSignal, resources: AsyncDisposableStack): Promise<Started> {
  const wirePort = await freePort()
  const apiPorts = [await freePort()]
  let tampering: Tampering | undefined
  const { stack, ports, remove } = await temporaryStack(config, 'payments-chaos-', (folder) => {
    const prepared = prepareTampering(join(folder, 'tampering'))
    tampering = prepared.tampering
    return { wirePort, apiPorts, env: prepared.env }
  })
  resources.defer(remove)
  const { wire, stop } = await startWire(wirePort, { host: '127.0.0.1', port: ports.postgres })
  resources.defer(stop)
  await stack.start(() => {}, signal)
  return { stack, wire, tampering: tampering! }
}

async function startContainers(config: Config, signal: AbortSignal, resources: AsyncDisposableStack): Promise<Started> {
  const controlPort = await freePort()
  const { stack, remove } = await temporaryContainers(config, 'payments-chaos-', controlPort)
  resources.defer(remove)
  await stack.start(() => {}, signal)
  return { stack, wire: remoteWire(`http://127.0.0.1:${controlPort}`), tampering: null }
}
