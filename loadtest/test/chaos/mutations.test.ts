import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repoRoot } from '../../../compose/src/config.ts'
import { applyEdits } from '../../../compose/src/contracts/edits.ts'
import { MUTATIONS } from '../../chaos/drill/mutations.ts'
import { faults } from '../../faults/faults.ts'

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
