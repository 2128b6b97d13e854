import type { System } from '../runner/with-system.ts'
import type { ChaosSettings } from './chaos-settings.ts'
import type { RoundResult } from './judge-round.ts'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeResult, describeStrike } from './describe-round.ts'
import { keepRedRound } from './keep-red-round.ts'
import { runRound } from './run-round.ts'
import { planRound } from './schedule.ts'

export interface Outcome {
  results: RoundResult[]
  /** The folder that a red round left. */
  redFolder: string | undefined
  /** Why a round could not be run or audited, which ended the run. */
  failure?: Error
}

/** Runs rounds until the time or their number is over, one is red or fails to run, or the signal aborts. Prints a line for each. */
export async function runRounds(system: System, settings: ChaosSettings, signal: AbortSignal): Promise<Outcome> {
  const { seed, rounds: { first, count }, durationS = Infinity, rate } = settings
  const run = `chaos-${randomBytes(4).toString('hex')}`
  const deadline = Date.now() + durationS * 1_000
  const results: RoundResult[] = []
  for (let round = first; round < first + count && Date.now() < deadline && !signal.aborted; round++) {
    const folder = mkdtempSync(join(tmpdir(), 'payments-chaos-'))
    try {
      const line = startLine()
      const result = await runRound(system, planRound(seed, round, settings.faults), { runId: `${run}-${round}`, folder, rate, signal, onStrike: (faults, at) => line.begin(describeStrike(round, at, faults)) })
      if (!result)
        break
      line.end(describeResult(result))
      results.push(result)
      if (result.verdict === 'red')
        return { results, redFolder: await keepRedRound(system, result, settings, folder) }
    }
    catch (error) {
      return { results, redFolder: undefined, failure: error as Error }
    }
    finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return { results, redFolder: undefined }
}

/** One line for each round: its begin is shown at once on a terminal, and with the end elsewhere. */
function startLine(): { begin: (text: string) => void, end: (text: string) => void } {
  let begun = ''
  return {
    begin: (text) => {
      begun = text
      if (process.stdout.isTTY)
        process.stdout.write(`${text}  ...`)
    },
    end: (text) => {
      if (process.stdout.isTTY)
        process.stdout.write('\r\x1B[K')
      console.log(`${begun}  ${text}`)
    },
  }
}
