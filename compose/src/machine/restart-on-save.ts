// The first process of the API's and the workers' containers in development form (compose.dev.yaml):
//   node restart-on-save.ts <folder> <command ...>
// Runs the command, with a debugger, and restarts it after each change in the folder: SIGTERM, wait until it has drained, start
// again. A restart of the whole container takes 1.4 s more. A command that ends by itself waits for the next change, and one that
// ignores SIGTERM is killed: a saved mistake such as an endless loop must not keep later saves from being live.
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { watchFolder } from './watch-folder.ts'

/** Longer than the API and the workers drain, and shorter than their grace periods in compose.yaml. */
const GRACE_MS = 12_000

const [folder, file, ...args] = process.argv.slice(2)
let child: ChildProcess | undefined
let restarts = Promise.resolve()
let stopping = false

function start(): void {
  child = spawn(file!, args, { stdio: 'inherit', env: { ...process.env, NODE_OPTIONS: '--inspect=0.0.0.0:9229' } })
  child.once('exit', (code, signal) => {
    if (stopping)
      process.exit(code ?? 1)
    console.log(`The process ended (${signal ?? `exit code ${code}`}).`)
  })
}

async function end(): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null)
    return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child?.kill('SIGKILL'), GRACE_MS)
  await ended
  clearTimeout(timer)
}

start()
watchFolder(folder!, /\.(?:ts|json)$/, () => {
  restarts = restarts.then(async () => {
    await end()
    if (!stopping)
      start()
  })
})
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    stopping = true
    void end().then(() => process.exit())
  })
}
