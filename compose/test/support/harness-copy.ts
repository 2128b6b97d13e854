import type { Ran } from './run.ts'
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repoRoot } from '../../src/config.ts'
import { run } from './run.ts'

/** A tree with a copy of the harness, for verbs that read files of the root: a test can change those files. */
export class HarnessCopy {
  readonly root = mkdtempSync(join(tmpdir(), 'payments-test-'))

  constructor() {
    for (const path of ['compose/src', 'compose/.env', 'compose/compose.yaml'])
      cpSync(join(repoRoot, path), join(this.root, path), { recursive: true })
    for (const path of ['node_modules', 'compose/node_modules'])
      symlinkSync(join(repoRoot, path), join(this.root, path))
  }

  verb(name: string, settings: Record<string, string> = {}): Promise<Ran> {
    const { PATH = '', HOME = '' } = process.env
    return run(this.root, { PATH, HOME, ...settings }, process.execPath, `compose/src/verbs/${name}.ts`)
  }

  remove(): void {
    rmSync(this.root, { recursive: true })
  }
}
