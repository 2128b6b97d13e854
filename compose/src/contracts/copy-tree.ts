import { cpSync, existsSync, symlinkSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../config.ts'
import { git } from '../git.ts'

/** Copies the files that git tracks or would track into a folder, and links this tree's installed packages there. */
export async function copyTree(into: string): Promise<void> {
  const files = (await git('ls-files', '-z', '--cached', '--others', '--exclude-standard')).split('\0')
  for (const file of files.filter(file => file !== '' && existsSync(join(repoRoot, file))))
    cpSync(join(repoRoot, file), join(into, file), { verbatimSymlinks: true })
  for (const folder of ['compose', 'compose/test/e2e', 'payments-api', 'recon-worker', 'payments-ui', 'loadtest']) {
    symlinkSync(join(repoRoot, folder, 'node_modules'), join(into, folder, 'node_modules'))
    utimesSync(join(into, folder, 'package-lock.json'), 0, 0) // make installs a folder whose lockfile is newer than what is installed
  }
}
