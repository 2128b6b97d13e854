import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { debugPort } from '../debug-ports.ts'
import { Refusal } from '../refusal.ts'
import { portHolder } from './port-holder.ts'

/** The loopback addresses of this machine; some machines have no IPv6. */
export function loopbackAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flat().map(address => address?.address)
  return all.includes('::1') ? ['127.0.0.1', '::1'] : ['127.0.0.1']
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** Whether the port is free on both 127.0.0.1 and ::1, since `localhost` may resolve to either. */
export async function isFree(port: number): Promise<boolean> {
  for (const host of loopbackAddresses()) {
    if (!await canListen(port, host))
      return false
  }
  return true
}

/**
 * Finds a free port from 20000 to 29999. That is below the ephemeral range, so no outgoing connection takes the port before
 * it is used. Throws if 100 random ports are taken.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    if (await isFree(port))
      return port
  }
  throw new Error('No free port found between 20000 and 29999.')
}

const PORTS = {
  postgres: { part: 'Postgres', variable: 'PGPORT' },
  api: { part: 'API', variable: 'API_PORT' },
  ui: { part: 'console', variable: 'UI_PORT' },
}

/** Throws a Refusal if a port is taken. It names the port, the process that holds it and the setting for another port. */
export async function requireFreePorts(ports: Partial<Record<keyof typeof PORTS, number>>, verb = 'make up'): Promise<void> {
  const taken: string[] = []
  const alternatives: string[] = []
  for (const [name, port] of Object.entries(ports)) {
    if (await isFree(port))
      continue
    const { part, variable } = PORTS[name as keyof typeof PORTS]
    const holder = portHolder(port)
    taken.push(`Port ${port} (${part}) is in use by ${holder ? `pid ${holder.pid} (${holder.command})` : 'a process that is not visible to you'}.`)
    alternatives.push(`${variable}=${await nextFree(port)}`)
  }
  if (taken.length > 0)
    throw new Refusal(`${taken.join(' ')} Stop ${taken.length === 1 ? 'that process' : 'those processes'}, or use ${taken.length === 1 ? 'another port' : 'other ports'}: \`${verb} ${verb === 'make up' ? 'PORTS=auto' : alternatives.join(' ')}\`.`)
}

async function nextFree(port: number): Promise<number> {
  for (let next = port + 100; next < 65_536; next += 100) {
    if (await isFree(next))
      return next
  }
  return freePort()
}

/** Throws a Refusal if a debugger port of the stack is taken. */
export async function requireFreeDebugPorts({ debugPort: first, apis, workers = 1 }: { debugPort: number, apis: number, workers?: number }): Promise<void> {
  const parts = ['ui', ...Array.from({ length: apis }, (_, index) => `api-${index + 1}`), ...Array.from({ length: workers }, (_, index) => `worker-${index + 1}`)]
  for (const part of parts) {
    const port = debugPort(first, part)!
    if (await isFree(port))
      continue
    const holder = portHolder(port)
    throw new Refusal(`Port ${port} (debugger of ${part}) is in use by ${holder ? `pid ${holder.pid} (${holder.command})` : 'a process that is not visible to you'}. Stop that process, or use other ports: \`make dev DEBUG_PORT=${await nextFree(first)}\`.`)
  }
}
