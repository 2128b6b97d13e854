// The supervisor's process. `make up` starts it, and it runs until `make down`:
//   node supervise.ts <data folder> [attached]
// During the start it sends its progress to the parent process over IPC. If the parent exits before the stack is up, or ever
// if it is attached (`make dev`), the supervisor stops everything.
import type { Step } from '../stack.ts'
import { DataFolder } from '../data/data-folder.ts'
import { asRefusal, explain } from '../refusal.ts'
import { superviseFolder } from './supervisor.ts'

/** The messages to the parent while the stack starts. */
export type StartMessage = { step: Step } | { up: true } | { failed: { line: string, details: readonly string[] } }

const sendToParent = (message: StartMessage) => process.connected && process.send?.(message)

const attached = process.argv[3] === 'attached'
let up = false
try {
  await superviseFolder(
    new DataFolder(process.argv[2]!),
    step => sendToParent({ step }),
    stop => process.on('disconnect', () => (up && !attached) || stop('the process that started it is gone')),
  )
  up = true
  sendToParent({ up: true })
}
catch (error) {
  console.log(`${new Date().toISOString()} ${explain(error)}`)
  const { message, details } = asRefusal(error)
  sendToParent({
    failed: { line: message, details },
  })
  process.exitCode = 1
  process.disconnect?.()
}
