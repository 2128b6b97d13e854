import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

// node collect-garbage.ts [<pid>]: forces a full garbage collection in another Node process, through the inspector that the
// process opens on SIGUSR1 (docs: Node.js, "Debugger"; Chrome DevTools Protocol, HeapProfiler), then closes the inspector.
// Without a pid, the target is the child of this container's init. Containers lack this file and get its text by
// `node -e`, so it imports no other file of ours.

const INSPECTOR = '127.0.0.1:9229'
const OPEN_TIMEOUT_MS = 5_000
const POLL_MS = 20
const TIMEOUT_MS = 60_000

const pid = Number(process.argv[2] ?? readFileSync('/proc/1/task/1/children', 'utf8').trim())
setTimeout(fail, TIMEOUT_MS, `process ${pid} did not finish a garbage collection within ${TIMEOUT_MS / 1000} s.`).unref()
process.kill(pid, 'SIGUSR1')
const socket = new WebSocket(await inspectorUrl())
await once('open')
const owner = await send('Runtime.evaluate', { expression: 'process.pid' })
if (owner !== pid)
  fail(`the inspector of process ${owner} occupies ${INSPECTOR}, which process ${pid} needs. Close it, then try again.`)
await send('HeapProfiler.collectGarbage')
// A timeout, so that the response arrives first: closing the inspector ends this connection.
await send('Runtime.evaluate', { expression: `setTimeout(() => process.getBuiltinModule('node:inspector').close())` })
await once('close')

async function inspectorUrl(): Promise<string> {
  for (const deadline = Date.now() + OPEN_TIMEOUT_MS; ;) {
    try {
      const response = await fetch(`http://${INSPECTOR}/json/list`, { signal: AbortSignal.timeout(OPEN_TIMEOUT_MS) })
      const [target] = await response.json() as { webSocketDebuggerUrl: string }[]
      return target!.webSocketDebuggerUrl
    }
    catch {
      if (Date.now() > deadline)
        fail(`process ${pid} opened no inspector on ${INSPECTOR} within ${OPEN_TIMEOUT_MS / 1000} s. Check whether another program uses that port.`)
      await delay(POLL_MS)
    }
  }
}

/** Sends one command of the protocol and returns the value of the evaluated expression, if any. */
async function send(method: string, params: object = {}): Promise<unknown> {
  const response = once('message')
  socket.send(JSON.stringify({ id: 1, method, params }))
  const { data } = await response as MessageEvent
  const { error, result } = JSON.parse(data as string) as { error?: { message: string }, result?: { result?: { value: unknown } } }
  if (error)
    fail(`${method}: ${error.message}`)
  return result?.result?.value
}

/** Waits for one event, until the deadline of this script. */
function once(event: 'open' | 'message' | 'close'): Promise<Event> {
  return new Promise((resolve) => {
    socket.addEventListener(event, resolve, { once: true })
    socket.addEventListener('error', () => fail(`the inspector of process ${pid} closed the connection.`), { once: true })
  })
}

function fail(problem: string): never {
  console.error(problem)
  process.exit(1)
}
