// The wire as a process: node main.ts HOST:PORT TARGET_HOST:PORT CONTROL_HOST:PORT. Ends when its input ends, with `--attached`.
import { serveWire } from './control.ts'
import { WireProxy } from './wire-proxy.ts'

const [listen, target, control] = process.argv.slice(2, 5).map((address) => {
  const [host = '', port = ''] = address.split(':')
  return { host, port: Number(port) }
})
const wire = new WireProxy(listen!, target!)
await wire.start()
serveWire(wire, control!)
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => process.exit())
if (process.argv.includes('--attached'))
  process.stdin.on('end', () => process.exit()).resume()
console.log('listening')
