import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** A change of one file: the whole text of a new one, or hunks that edit one. */
export interface Block {
  file: string
  text?: string
  hunks?: string[][]
}

/** A section `## 1. API` of the guide. */
export interface GuideStep {
  title: string
  /** The blocks of test files: applied first, so that the check is seen to fail. */
  tests: Block[]
  changes: Block[]
  /** Shell commands that regenerate files after the changes; may be empty. */
  run: string
  /** Shell commands that fail before the changes and pass after them. */
  check: string
}

const MIGRATIONS = 'payments-api/migrations'

/**
 * Reads the steps of docs/adding-a-payment-status.md, for another status than on_hold if `name` says so. NNNN becomes the next number
 * of a migration in the tree.
 * @throws {Error} if a block names no file, or a step has no change or no check
 */
export function readGuide(markdown: string, name: string, tree: string): GuideStep[] {
  const words = name.replaceAll('_', ' ')
  const capital = (text: string): string => text[0]!.toUpperCase() + text.slice(1)
  const text = markdown
    .replaceAll(/\bon_hold\b|(?<=NNNN_)on_hold\b/g, name)
    .replaceAll(/\bon-hold\b/g, name.replaceAll('_', '-'))
    .replaceAll(/\bon hold\b/g, words)
    .replaceAll(/\bOn hold\b/g, capital(words))
    .replaceAll('NNNN', nextMigration(tree))
  return text.split(/^## (?=\d)/m).slice(1).map(section => readStep(section.split(/^## /m)[0]!))
}

function nextMigration(tree: string): string {
  const numbers = readdirSync(join(tree, MIGRATIONS)).map(file => Number.parseInt(file)).filter(Number.isInteger)
  return String(Math.max(...numbers) + 1).padStart(4, '0')
}

function readStep(section: string): GuideStep {
  const title = section.slice(0, section.indexOf('\n'))
  const step: GuideStep = { title, tests: [], changes: [], run: '', check: '' }
  for (const [, before, language, body] of section.matchAll(/^(.*)\n\n?```(\w+)\n([\s\S]*?)^```$/gm)) {
    if (language === 'sh') {
      const kind = before === 'Check:' ? 'check' : before === 'Then run:' ? 'run' : undefined
      if (kind === undefined)
        throw new Error(`${title}: write "Check:" or "Then run:" above the commands ${body}`)
      step[kind] = body!
      continue
    }
    for (const block of language === 'diff' ? readDiff(title, body!) : [readFile(title, body!)])
      (isTest(block.file) ? step.tests : step.changes).push(block)
  }
  if (step.check === '' || step.tests.length + step.changes.length === 0)
    throw new Error(`Step ${title} needs a change and a check`)
  return step
}

/** Provider states only serve tests, but exist before the test that needs them. */
function isTest(file: string): boolean {
  return file.endsWith('.test.ts')
}

function readDiff(title: string, body: string): Block[] {
  const [first, ...lines] = body.trimEnd().split('\n')
  if (!first!.startsWith('+++ '))
    throw new Error(`${title}: begin the block with "+++ file": ${first}`)
  const hunks = lines.join('\n').split(/^@@\n/m).map(hunk => hunk.trimEnd().split('\n'))
  return first!.slice(4).split(', ').map(file => ({ file, hunks }))
}

function readFile(title: string, body: string): Block {
  const [first, ...lines] = body.split('\n')
  const [sign, file, ...more] = first!.split(' ')
  if (!['//', '--'].includes(sign!) || !file?.includes('/') || more.length > 0)
    throw new Error(`${title}: begin the block with a comment that names its file: ${first}`)
  return { file, text: lines.join('\n') }
}
