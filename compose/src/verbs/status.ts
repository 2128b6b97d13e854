import type { PartStatus } from '../stack.ts'
import { openStack } from '../open-stack.ts'
import { duration, runVerb } from '../verb.ts'

await runVerb(async (config) => {
  const all = await openStack(config).parts()
  const parts = config.part === undefined ? all : all.filter(({ name }) => name === config.part || name.startsWith(`${config.part}-`))
  if (parts.length === 0) {
    console.log(all.length === 0 ? 'Nothing runs here: make up starts it.' : `${config.part} does not run: make service PART=${config.part} starts it, make status shows what runs.`)
    return 1
  }
  printTable([['PART', 'STATE', 'PID', 'UPTIME', 'RESTARTS', 'HEALTH', 'URL'], ...parts.map(row)])
  for (const { name, lastDeath } of parts) {
    if (lastDeath)
      console.log([`\n${name} died ${duration(Date.now() - lastDeath.at)} ago (${lastDeath.how}); its last lines:`, ...lastDeath.lines].join('\n  | '))
  }
  if (parts.some(part => part.state === 'left behind' || part.state === 'gone'))
    console.log('\nThe supervisor was killed: nobody watches these parts. make up or make down cleans up.')
  return parts.every(part => part.state === 'running' && part.health === 'ok') ? 0 : 1
})

function row({ name, state, pid, uptimeMs, restarts, health, url }: PartStatus): string[] {
  return [name, state, String(pid ?? '-'), uptimeMs === null ? '-' : duration(uptimeMs), String(restarts), health, url]
}

function printTable(rows: string[][]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(cells => cells[column]!.length)))
  for (const cells of rows)
    console.log(cells.map((cell, column) => cell.padEnd(widths[column]!)).join('  ').trimEnd())
}
