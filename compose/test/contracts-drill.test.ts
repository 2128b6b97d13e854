import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repoRoot } from '../src/config.ts'
import { DRILL } from '../src/contracts/drill.ts'

const EDITED = ['contracts', 'payments-api', 'recon-worker', 'payments-ui']
const LEFT_OUT = /[/\\](?:node_modules|\.tools|\.nuxt|\.output)$/

describe('the changes of make contracts-break', () => {
  let copy: string

  beforeEach(() => {
    copy = mkdtempSync(join(tmpdir(), 'payments-contracts-drill-'))
    for (const folder of EDITED)
      cpSync(join(repoRoot, folder), join(copy, folder), { recursive: true, filter: path => !LEFT_OUT.test(path) })
  })
  afterEach(() => rmSync(copy, { recursive: true, force: true }))

  for (const { change, edit } of DRILL)
    it(`can still be made: ${change}`, () => edit(copy))
})
