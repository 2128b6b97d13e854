// The first process of the API's and the workers' containers in development form (compose.dev.yaml):
//   node restart-on-save.ts <folder> <command ...>
// Runs the command, with a debugger, and restarts it after each change in the folder: SIGTERM, wait until it has drained, start
// again. A restart of the whole container takes 1.4 s more. A command that ends by itself waits for the next change.
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { watchFolder } from './watch-folder.ts'

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
  await ended
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
