import type { RoundResult } from '../judge-round.ts'
import type { Mutation } from './mutations.ts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { stripVTControlCharacters } from 'node:util'
import { repoRoot } from '../../../compose/src/config.ts'
import { copyTree } from '../../../compose/src/contracts/copy-tree.ts'
import { applyEdits } from '../../../compose/src/contracts/edits.ts'
import { endOnAbort } from '../../../compose/src/machine/processes.ts'

/** In which a run that is stopped undoes its fault and removes its system. */
const GRACE_MS = 60_000
/** Longer than ten rounds whose recovery and health time out. */
const TIMEOUT_MS = 30 * 60_000
/** Of a console that is not mutated. */
const BUILD = 'payments-ui/.output'

export interface CopyRun {
  rounds: RoundResult[]
  /** What the audit of all payments found after the last round. */
  findings: string[]
  output: string
}

/** Runs `make chaos` in a mutated copy of this tree. The copy is deleted afterwards. */
export async function runCopy({ edits, fault, seed, rate, rounds }: Mutation, signal: AbortSignal): Promise<CopyRun> {
  const copy = mkdtempSync(join(tmpdir(), 'payments-drill-'))
  try {
    chmodSync(copy, 0o711) // started by root, Postgres runs as another user
    await copyTree(copy)
    symlinkSync(join(repoRoot, BUILD), join(copy, BUILD))
    applyEdits(copy, edits)
    const { PATH = '', HOME = '' } = process.env
    const child = spawn(process.execPath, [join(copy, 'loadtest/chaos/main.ts')], {
      cwd: copy,
      env: { PATH, HOME, MODE: 'embedded', FAULT: fault, SEED: String(seed), ROUNDS: String(rounds), ...(rate !== undefined && { RATE: String(rate) }) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    endOnAbort(child, AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]), GRACE_MS)
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    return { ...readReport(copy), output: stripVTControlCharacters(stdout + stderr) }
  }
  finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** A run that ended early has left no report. */
function readReport(copy: string): Pick<CopyRun, 'rounds' | 'findings'> {
  const folder = join(copy, 'loadtest/reports')
  const report = existsSync(folder) ? readdirSync(folder).find(name => name.endsWith('-chaos.json')) : undefined
  return report === undefined ? { rounds: [], findings: [] } : JSON.parse(readFileSync(join(folder, report), 'utf8')) as CopyRun
}
