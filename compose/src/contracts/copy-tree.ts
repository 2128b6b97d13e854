import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../config.ts'

/** Copies what git tracks, and what it would, into a folder; what is installed is shared with this tree. */
export function copyTree(into: string): void {
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: repoRoot, encoding: 'utf8' }).split('\0')
  for (const file of files.filter(file => file !== '' && existsSync(join(repoRoot, file))))
    cpSync(join(repoRoot, file), join(into, file), { verbatimSymlinks: true })
  for (const folder of ['compose', 'payments-api', 'recon-worker', 'payments-ui'])
    symlinkSync(join(repoRoot, folder, 'node_modules'), join(into, folder, 'node_modules'))
}
