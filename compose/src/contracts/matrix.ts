import type { Step } from './step.ts'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RECORDED } from './record.ts'

/** Prints one line per consumer and provider: the interactions in their pact, and how many were verified. */
export function printMatrix(contracts: string, providers: Step[]): void {
  const rows = [['consumer', 'provider', 'interactions', 'verified', 'verdict']]
  for (const { file } of RECORDED.filter(({ file }) => file.startsWith('pacts/') && existsSync(join(contracts, file)))) {
    const { consumer, provider, interactions } = JSON.parse(readFileSync(join(contracts, file), 'utf8')) as { consumer: { name: string }, provider: { name: string }, interactions: object[] }
    const verified = verifiedOf(providers, consumer.name, provider.name)
    rows.push([consumer.name, provider.name, String(interactions.length), String(verified), verified === interactions.length ? 'holds' : 'BROKEN'])
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
  console.log(`\n${rows.map(row => row.map((cell, column) => cell.padEnd(widths[column]!)).join('   ').trimEnd()).join('\n')}`)
}

/** The number of interactions that the provider's test reports as verified for this consumer. */
function verifiedOf(providers: Step[], consumer: string, provider: string): number {
  for (const { output } of providers) {
    for (const [, who, whom, count] of output.matchAll(/^(\S+) -> (\S+): (\d+) of \d+ interactions verified$/gm)) {
      if (who === consumer && whom === provider)
        return Number(count)
    }
  }
  return 0
}
