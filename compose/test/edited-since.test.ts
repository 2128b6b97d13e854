import type { PartStatus } from '../src/stack.ts'
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { editedSince } from '../src/embedded/edited-since.ts'

const HOUR_MS = 3_600_000
/** A file that each part runs, of each kind. */
const FILES = {
  postgres: ['compose/postgres/postgresql.conf'],
  api: ['payments-api/src/http/payments.ts', 'payments-api/migrations/0001.sql', 'payments-api/invariants/a.sql', 'payments-api/package-lock.json'],
  worker: ['recon-worker/src/main.ts', 'recon-worker/package-lock.json'],
  ui: ['payments-ui/app/app.vue', 'payments-ui/server/api/a.ts', 'payments-ui/shared/a.ts', 'payments-ui/public/icon.svg', 'payments-ui/nuxt.config.ts', 'payments-ui/package-lock.json'],
}

describe('make up, while the system is running', () => {
  const tree = mkdtempSync(join(tmpdir(), 'payments-test-'))
  const parts = ['postgres', 'api', 'api-2', 'worker-1', 'ui'].map(name => ({ name, uptimeMs: HOUR_MS }) as PartStatus)
  const edit = (file: string, agoMs: number) => utimesSync(join(tree, file), new Date(), new Date(Date.now() - agoMs))
  before(() => {
    for (const file of Object.values(FILES).flat()) {
      mkdirSync(dirname(join(tree, file)), { recursive: true })
      writeFileSync(join(tree, file), '')
      edit(file, 2 * HOUR_MS)
    }
  })
  after(() => rmSync(tree, { recursive: true }))

  it('names no part that is newer than its files', () => {
    assert.deepEqual(editedSince(parts, tree), [])
  })

  for (const [service, files] of Object.entries(FILES)) {
    for (const file of files) {
      it(`names each ${service} that is older than ${file}`, () => {
        edit(file, HOUR_MS / 2)
        const older = parts.filter(({ name }) => name.startsWith(service)).map(({ name }) => ({ part: name, file }))
        assert.deepEqual(editedSince(parts, tree), older)
        edit(file, 2 * HOUR_MS)
      })
    }
  }
})
