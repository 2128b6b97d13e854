// `make contracts-break`: proves that the contract checks work. Applies each change of the drill to a copy of this tree and
// runs `make contracts` there: a breaking change must fail and be named, a harmless one must pass.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { repoRoot } from '../config.ts'
import { copyTree } from '../contracts/copy-tree.ts'
import { DRILL } from '../contracts/drill.ts'
import { count } from '../count.ts'
import { endOnAbort } from '../machine/processes.ts'
import { Refusal } from '../refusal.ts'
import { duration, runVerb } from '../verb.ts'

/** Longer than one run of the contract checks. */
const TIMEOUT_MS = 15 * 60_000

await runVerb(async () => {
  const begin = Date.now()
  const only = process.env.ONLY
  let wrong = 0
  const changes = DRILL.filter(({ change }) => !only || change.includes(only))
  if (changes.length === 0)
    throw new Refusal(`ONLY=${only} matches no change. compose/src/contracts/drill.ts lists them.`)
  for (const { change, edit, named } of changes) {
    const begin = Date.now()
    const copy = mkdtempSync(join(tmpdir(), 'payments-drill-'))
    try {
      await copyTree(copy)
      edit(copy)
      if (named === undefined)
        await run(copy, 'contracts-record.ts') // an intended change is committed together with its contracts
      const { code, output } = await run(copy, 'contracts.ts')
      const isRight = named === undefined ? code === 0 : code === 1 && output.includes(named)
      const verdict = code === 0 ? 'green' : 'red'
      wrong += isRight ? 0 : 1
      console.log(`${isRight ? 'ok    ' : 'FAILED'}  ${verdict.padEnd(5)}  ${change.padEnd(62)}  ${duration(Date.now() - begin).padStart(6)}${named && isRight ? `\n${' '.repeat(15)}${lineWith(output, named)}` : ''}`)
      if (!isRight)
        console.log(`        expected ${named === undefined ? 'green' : `red, naming "${named}"`}\n${output.replaceAll(/^/gm, '  | ')}`)
    }
    finally {
      rmSync(copy, { recursive: true })
    }
  }
  console.log(`\n${wrong === 0 ? 'Every breaking change was named, and every harmless one passed,' : `Wrong verdict for ${count(wrong, 'change')}`} after ${duration(Date.now() - begin)}.`)
  return wrong === 0 ? 0 : 1
})

/** Runs a verb of the copied harness, with this clone's git history and its HEAD as the base to compare with. */
async function run(copy: string, verb: string): Promise<{ code: number | null, output: string }> {
  const child = spawn(process.execPath, [join(copy, 'compose/src/verbs', verb)], {
    cwd: copy,
    env: { ...process.env, GIT_DIR: join(repoRoot, '.git'), CONTRACTS_BASE: 'HEAD', CONTRACTS_DIR: join(copy, 'contracts') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  endOnAbort(child, AbortSignal.timeout(TIMEOUT_MS))
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', chunk => output += String(chunk))
  const [code] = await once(child, 'close') as [number | null]
  return { code, output: stripVTControlCharacters(output) }
}

function lineWith(output: string, text: string): string {
  return output.split('\n').find(line => line.includes(text))!.trim()
}
