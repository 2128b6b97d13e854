// `make drill-status NAME=on_hold`: adds a payment status to a copy of this tree. First to the database alone, where the tools name every
// place that lacks it; then by the steps of docs/adding-a-payment-status.md, each seen red and then green; then in separate repositories.
import type { Block, GuideStep } from '../contracts/guide.ts'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { styleText } from 'node:util'
import { repoRoot } from '../config.ts'
import { applyBlock } from '../contracts/apply-block.ts'
import { drift } from '../contracts/drift.ts'
import { DrillCopy } from '../contracts/drill-copy.ts'
import { readGuide } from '../contracts/guide.ts'
import { tryLandingOrders } from '../contracts/landing-order.ts'
import { allowedStatuses, statusGaps } from '../contracts/statuses.ts'
import { Refusal } from '../refusal.ts'
import { countTests } from '../run-check.ts'
import { abortOnSignals, duration, runVerb } from '../verb.ts'

const GUIDE = 'docs/adding-a-payment-status.md'
const MAX_REASONS = 3
const MAX_WIDTH = 150

await runVerb(async ({ name }) => {
  const begin = Date.now()
  const status = checkName(name)
  const steps = readGuide(readFileSync(join(repoRoot, GUIDE), 'utf8'), status, repoRoot)
  const { signal } = abortOnSignals(() => console.log('\nInterrupted: stopping what runs in the copy.'))
  const copy = new DrillCopy(signal)
  let wrong = 0
  try {
    console.log(`Adds the payment status ${status} to a copy of this tree: about ten minutes.\n`)
    await copy.fill()
    wrong += await tryNaively(copy, steps, status)
    for (const step of steps)
      wrong += await takeStep(copy, step)
    if (wrong === 0)
      wrong += await splitAndLand(copy, status)
  }
  catch (error) {
    if (!signal.aborted)
      throw error
    return 130
  }
  finally {
    copy.remove()
  }
  console.log(`\n${wrong === 0 ? styleText('green', 'All green') : styleText('red', `${wrong} of the drill's expectations failed`)} after ${duration(Date.now() - begin)}. The copy is deleted.`)
  return wrong === 0 ? 0 : 1
})

function checkName(name: string | undefined): string {
  const example = '`make drill-status NAME=on_hold`'
  if (name === undefined)
    throw new Refusal(`NAME is not set. Name a new payment status: ${example}.`)
  if (!/^[a-z]+(?:_[a-z]+){0,4}$/.test(name) || name.length > 30)
    throw new Refusal(`NAME=${name} is not valid: a payment status is one to five lowercase words joined by "_", at most 30 characters, such as on_hold.`)
  const guards = readFileSync(join(repoRoot, 'contracts/invariants/guards.sql'), 'utf8')
  for (const [what, table] of [['payment', 'payments'], ['result', 'reconciliation_results'], ['job', 'recon_jobs']] as const) {
    if (allowedStatuses(guards, table)?.includes(name))
      throw new Refusal(`NAME=${name} is a status already, of a ${what}. Name a new one: ${example}.`)
  }
  return name
}

/** The migration alone: prints which tool misses the status where. Returns the number of expectations that failed. */
async function tryNaively(copy: DrillCopy, steps: GuideStep[], status: string): Promise<number> {
  console.log(heading(`The smallest change: ${status} in the database alone`))
  const migration = steps[0]!.changes.find(({ file }) => file.includes('/migrations/'))!
  applyBlock(copy.tree, migration)
  console.log(`${row('wrote')}${migration.file}`)
  const [contracts, recorded] = [join(copy.tree, 'contracts'), join(copy.parent, 'recorded')]
  cpSync(contracts, recorded, { recursive: true, filter: source => !source.endsWith('.json') })
  const { code, output } = await copy.run('cd payments-api && npm run --silent schema', { CONTRACTS_DIR: recorded })
  if (code !== 0)
    return failed('the schema was not generated', output)
  const old = drift(contracts, recorded).problems
  cpSync(recorded, contracts, { recursive: true })
  const gaps = statusGaps(copy.tree)
  const rows = [
    ...old.map(problem => ['contracts', problem.split(' ')[0]!, problem.replace(/.*code\. /, 'is older than the migrations. ')]),
    ...gaps.map(({ place, file, fix }) => [place, file, fix]),
  ]
  const widths = [0, 1].map(column => Math.max(...rows.map(cells => cells[column]!.length)))
  rows.forEach(cells => console.log(`${row('missing', 'red')}${cells[0]!.padEnd(widths[0]!)}  ${cells[1]!.padEnd(widths[1]!)}  ${cells[2]}`))
  const last = steps.at(-1)!
  last.tests.forEach(block => applyBlock(copy.tree, block))
  const wrong = await expectRed(copy, last, 'browser: ')
  copy.restore()
  return wrong + (gaps.length === 5 && old.length > 0 ? 0 : failed('expected the contracts and five places to lack the status', ''))
}

/** Returns the number of expectations that failed: red before the step's changes, green after them. */
async function takeStep(copy: DrillCopy, step: GuideStep): Promise<number> {
  console.log(`\n${heading(step.title)}`)
  apply(copy, 'test', step.tests)
  // The last step changes nothing: its test was red with the database alone.
  let wrong = step.changes.length > 0 ? await expectRed(copy, step) : 0
  apply(copy, 'change', step.changes)
  const begin = Date.now()
  const { code, output } = await copy.run(`${step.run}\n${step.check}`)
  const { passed } = countTests(output)
  const verdict = passed > 0 ? `${passed} ${passed === 1 ? 'test passes' : 'tests pass'}` : 'passes'
  if (code === 0)
    console.log(`${row('green', 'green')}${verdict} (${duration(Date.now() - begin)})`)
  else
    wrong += failed('expected green', output)
  return wrong
}

function apply(copy: DrillCopy, what: string, blocks: Block[]): void {
  const byFolder = new Map<string, string[]>()
  for (const block of blocks) {
    applyBlock(copy.tree, block)
    const [folder, ...path] = block.file.split('/') as [string, ...string[]]
    byFolder.set(folder, [...byFolder.get(folder) ?? [], `${path.join('/')}${block.text === undefined ? '' : ' (new)'}`])
  }
  for (const [folder, files] of byFolder)
    console.log(`${row(what)}${folder}: ${files.join(', ')}`)
}

async function expectRed(copy: DrillCopy, { check }: GuideStep, label = ''): Promise<number> {
  const begin = Date.now()
  const { code, output } = await copy.run(check)
  const reasons = reasonsIn(output)
  if (code === 0 || reasons.length === 0)
    return failed(`expected red, with a reason`, output)
  reasons.forEach((reason, i) => console.log(`${row(i === 0 ? 'red' : '', 'red')}${i === 0 ? label : ''}${reason}${i === reasons.length - 1 ? ` (${duration(Date.now() - begin)})` : ''}`))
  return 0
}

async function splitAndLand(copy: DrillCopy, status: string): Promise<number> {
  console.log(`\n${heading('In separate repositories')}`)
  let wrong = 0
  await tryLandingOrders(copy, status, {
    committed: (repository, commit, files) => console.log(`${row('commit')}${repository.padEnd(16)} ${commit} on branch add-${status.replaceAll('_', '-')}: ${files}`),
    tried: (what, { code, output }, expected, ms) => {
      const reasons = reasonsIn(output)
      const isRight = (code === 0) === (expected === 'green') && (code === 0 || reasons.length > 0)
      if (isRight)
        console.log(`${row(expected, expected)}${what} (${duration(ms)})${code === 0 ? '' : `\n${row('')}${reasons[0]}`}`)
      wrong += isRight ? 0 : failed(`${what}: expected ${expected}`, output)
    },
  })
  return wrong
}

/** The lines that say what is wrong: the compiler's errors, a test's error, or what a verification found. */
function reasonsIn(output: string): string[] {
  const lines = output.split('\n').map(line => line.trim())
  const errors = lines.filter(line => /error TS\d+|^\+ +'|^(?:\w*Error\b|error:|FAILED {2}|payments-ui reads|payments-ui is answered)/.test(line))
  // This line only introduces the values that differ.
  const found = errors.filter(line => !line.endsWith('Expected values to be strictly deep-equal:') || errors.length === 1)
  return [...new Set(found)].slice(0, MAX_REASONS).map(line => line.length > MAX_WIDTH ? `${line.slice(0, MAX_WIDTH - 1)}…` : line)
}

function failed(what: string, output: string): number {
  console.log(`${row('FAILED', 'red')}${what}\n${output.trimEnd().replaceAll(/^/gm, '  | ')}`)
  return 1
}

function heading(text: string): string {
  return styleText('bold', text)
}

function row(word: string, color?: 'red' | 'green'): string {
  const padded = `  ${word.padEnd(8)} `
  return color ? styleText(color, padded) : padded
}
