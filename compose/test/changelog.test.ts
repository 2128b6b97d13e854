import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { notesOf } from '../src/changelog.ts'
import { HarnessCopy } from './support/harness-copy.ts'

const CHANGELOG = `# Changelog

## Unreleased

## 1.10.0

### Payments

- Ten.

## [1.1.0] - 2026-11-30

- One.
`

describe('the notes of a release', () => {
  it('are what stands under the version, up to the next version', () => {
    assert.equal(notesOf('1.10.0', CHANGELOG), '### Payments\n\n- Ten.')
  })

  it('are found under a version in brackets with a date', () => {
    assert.equal(notesOf('1.1.0', CHANGELOG), '- One.')
  })

  it('are refused for a version that the changelog lacks, also where it begins like another one', () => {
    for (const version of ['1.1', '2.0.0', ''])
      assert.throws(() => notesOf(version, CHANGELOG), { message: `CHANGELOG.md has no section ${version}: add "## ${version}" above the changes of that version; it has Unreleased, 1.10.0, 1.1.0` })
  })

  it('are refused for a version without changes', () => {
    assert.throws(() => notesOf('Unreleased', CHANGELOG), /says nothing under Unreleased/)
  })

  it('are printed by make release-notes, which requires a version', async () => {
    const copy = new HarnessCopy()
    try {
      writeFileSync(join(copy.root, 'CHANGELOG.md'), CHANGELOG)
      assert.deepEqual(await copy.verb('release-notes', { VERSION: '1.1.0' }), { code: 0, stdout: '- One.\n', stderr: '' })
      assert.deepEqual(await copy.verb('release-notes'), { code: 1, stdout: '', stderr: 'Say which version: make release-notes VERSION=1.2.0.\n' })
    }
    finally {
      copy.remove()
    }
  })
})
