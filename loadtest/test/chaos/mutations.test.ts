import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repoRoot } from '../../../compose/src/config.ts'
import { applyEdits } from '../../../compose/src/contracts/edits.ts'
import { MUTATIONS } from '../../chaos/drill/mutations.ts'
import { faults } from '../../faults/faults.ts'

const MIGRATIONS = 'payments-api/migrations/'

/** The functions that a migration defines, with their definitions. */
function functionsIn(folder: string, file: string): Map<string, string> {
  const sql = readFileSync(join(folder, file), 'utf8')
  return new Map([...sql.matchAll(/^create (?:or replace )?function (\w+)\([\s\S]*?\$\$[\s\S]*?\$\$/gm)].map(([definition, name]) => [name!, definition]))
}

function changedFunctions(file: string, copy: string): string[] {
  const changed = functionsIn(copy, file)
  return [...functionsIn(repoRoot, file)].filter(([name, definition]) => changed.get(name) !== definition).map(([name]) => name)
}

/** A later migration would undo the mutation. */
function isReplacedAfter(file: string, name: string): boolean {
  const later = readdirSync(join(repoRoot, MIGRATIONS)).filter(other => `${MIGRATIONS}${other}` > file)
  return later.some(other => functionsIn(repoRoot, `${MIGRATIONS}${other}`).has(name))
}

describe('the mutations of make chaos-drill', () => {
  for (const { change, edits, fault } of MUTATIONS) {
    it(`can still be made: ${change}`, () => {
      const copy = mkdtempSync(join(tmpdir(), 'payments-mutations-'))
      try {
        const files = new Set(edits.map(([file]) => file))
        for (const file of files)
          cpSync(join(repoRoot, file), join(copy, file))
        applyEdits(copy, edits)
        for (const file of [...files].filter(file => file.endsWith('.ts')))
          stripTypeScriptTypes(readFileSync(join(copy, file), 'utf8')) // throws unless it still is TypeScript
        for (const file of [...files].filter(file => file.startsWith(MIGRATIONS)))
          assert.deepEqual(changedFunctions(file, copy).filter(name => isReplacedAfter(file, name)), [], `${file} is not the last to define`)
      }
      finally {
        rmSync(copy, { recursive: true })
      }
      assert.deepEqual(fault.split(',').filter(name => !faults.some(fault => fault.name === name)), [], 'unknown faults')
    })
  }

  it('are in the table of docs/chaos.md', () => {
    const page = readFileSync(join(repoRoot, 'docs/chaos.md'), 'utf8')
    const rows = MUTATIONS.filter(({ named }) => named !== undefined).map(({ change, fault, rounds, named }) => `| ${change} | \`${fault}\` | ${rounds} | ${named} |`)
    assert.deepEqual(rows.filter(row => !page.includes(row)), [])
  })

  it('are a dozen at least, and one harmless', () => {
    assert.ok(MUTATIONS.filter(({ named }) => named !== undefined).length >= 12)
    assert.equal(MUTATIONS.filter(({ named }) => named === undefined).length, 1)
  })
})
