import type { System } from '../runner/with-system.ts'
import type { ChaosSettings } from './chaos-settings.ts'
import type { RoundResult } from './judge-round.ts'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { reportPath } from '../runner/report-page.ts'
import { describeResult, describeStrike } from './describe-round.ts'

const LOG_LINES = 500
const LOG_TIMEOUT_MS = 20_000

/** The command that repeats a round: its faults strike the same targets after the same time under load. */
export function repeatCommand({ seed, chosen }: Pick<ChaosSettings, 'seed' | 'chosen'>, round: number): string {
  return `make chaos SEED=${seed} ROUND=${round} ${chosen}`.trim()
}

/** Keeps what explains a red round: its outcome, the command that repeats it, the journals and the logs. Returns the folder. */
export async function keepRedRound({ stack }: Pick<System, 'stack'>, result: RoundResult, settings: ChaosSettings, journals: string): Promise<string> {
  const folder = reportPath(result.at, `chaos-seed-${settings.seed}-round-${result.round}`)
  mkdirSync(folder, { recursive: true })
  cpSync(journals, folder, { recursive: true })
  writeFileSync(join(folder, 'round.json'), `${JSON.stringify(result, null, 2)}\n`)
  const logs: string[] = []
  try {
    for await (const { part, text } of stack.logs({ lines: LOG_LINES, follow: false, signal: AbortSignal.timeout(LOG_TIMEOUT_MS) }))
      logs.push(`${part.padEnd(10)} ${text}`)
  }
  catch (error) {
    logs.push(`The logs could not be read: ${(error as Error).message}`)
  }
  writeFileSync(join(folder, 'logs.txt'), `${logs.join('\n')}\n`)
  writeFileSync(join(folder, 'README.txt'), `${describeStrike(result.round, new Date(result.at), result.faults)}
${describeResult({ ...result, findings: [] })}

Repeat it:  ${repeatCommand(settings, result.round)}

Findings, with up to three examples of each (findings.json has all):
${result.findings.join('\n')}

runner.jsonl, generator-*.jsonl   what callers sent and received, in the order of time (auditor/chaos/journal.ts describes a line)
logs.txt                          the last lines of each part's log
`)
  return folder
}
