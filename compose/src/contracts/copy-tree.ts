import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../config.ts'

/** Copies the files that git tracks or would track into a folder, and links this tree's installed packages there. */
export function copyTree(into: string): void {
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: repoRoot, encoding: 'utf8' }).split('\0')
  for (const file of files.filter(file => file !== '' && existsSync(join(repoRoot, file))))
    cpSync(join(repoRoot, file), join(into, file), { verbatimSymlinks: true })
  for (const folder of ['compose', 'payments-api', 'recon-worker', 'payments-ui'])
    symlinkSync(join(repoRoot, folder, 'node_modules'), join(into, folder, 'node_modules'))
}
