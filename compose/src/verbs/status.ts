import type { PartStatus } from '../stack.ts'
import { existsSync, statfsSync } from 'node:fs'
import { styleText } from 'node:util'
import { SERVICES } from '../data/state.ts'
import { openStack } from '../open-stack.ts'
import { DISK_FULL_LINE } from '../refusal.ts'
import { NOTHING_RUNS } from '../stack.ts'
import { duration, runVerb } from '../verb.ts'

/** More than a state file needs. */
const STATE_BYTES = 64 * 1024

await runVerb(async (config) => {
  const all = await openStack(config).parts()
  const parts = config.part === undefined ? all : all.filter(({ name }) => name === config.part || name.startsWith(`${config.part}-`))
  if (parts.length === 0) {
    console.log(all.length === 0 ? NOTHING_RUNS : missing(config.part!, all))
    return 1
  }
  printTable([['PART', 'STATE', 'PID', 'UPTIME', 'RESTARTS', 'HEALTH', 'URL'], ...parts.map(row)])
  for (const { name, lastDeath } of parts) {
    if (lastDeath)
      console.log([`\n${name} died ${duration(Date.now() - lastDeath.at)} ago (${lastDeath.how}).${lastDeath.lines.length > 0 ? ' Its last log lines:' : ''}`, ...lastDeath.lines].join('\n  | '))
  }
  if (parts.some(part => part.state === 'left behind' || part.state === 'gone'))
    console.log('\nThe supervisor was killed, so nothing restarts these parts. `make up` or `make down` cleans up.')
  if (isFull(config.dataDir))
    console.log(`\n${DISK_FULL_LINE} Until then, parts that have restarted since are shown as dead.`)
  return parts.every(part => part.state === 'running' && part.health === 'ok') ? 0 : 1
})

function missing(part: string, all: PartStatus[]): string {
  return (SERVICES as readonly string[]).includes(part)
    ? `${part} is not running. Start it with \`make service PART=${part}\`.`
    : `There is no part ${part}. The parts are ${all.map(({ name }) => name).join(', ')}.`
}

// A supervisor cannot save its state on a full disk.
function isFull(folder: string): boolean {
  const { bavail, bsize } = existsSync(folder) ? statfsSync(folder) : { bavail: 1, bsize: STATE_BYTES }
  return bavail * bsize < STATE_BYTES
}

function row({ name, state, pid, uptimeMs, restarts, health, url }: PartStatus): string[] {
  return [name, state, String(pid ?? '-'), uptimeMs === null ? '-' : duration(uptimeMs), String(restarts), health, url]
}

function printTable(rows: string[][]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(cells => cells[column]!.length)))
  for (const cells of rows)
    console.log(cells.map((cell, column) => coloured(cell.padEnd(widths[column]!), rows[0]![column]!)).join('  ').trimEnd())
}

/** On a terminal, green for what is right and red for what is not. */
function coloured(cell: string, column: string): string {
  const right = { STATE: 'running', HEALTH: 'ok' }[column]
  const text = cell.trimEnd()
  return right === undefined || ['-', column].includes(text) ? cell : styleText(text === right ? 'green' : 'red', cell)
}
