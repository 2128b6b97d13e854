// `make release-notes VERSION=1.2.0`: prints what CHANGELOG.md says about that version, for a release on GitHub.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { notesOf } from '../changelog.ts'
import { repoRoot } from '../config.ts'
import { Refusal } from '../refusal.ts'
import { runVerb } from '../verb.ts'

await runVerb(async ({ version }) => {
  if (version === undefined)
    throw new Refusal('Say which version: make release-notes VERSION=1.2.0.')
  console.log(notesOf(version, readFileSync(join(repoRoot, 'CHANGELOG.md'), 'utf8')))
  return 0
})
