import { cpSync, existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../config.ts'
import { git } from '../git.ts'

/** Copies the files that git tracks or would track into a folder, and links this tree's installed packages there. */
export async function copyTree(into: string): Promise<void> {
  const files = (await git('ls-files', '-z', '--cached', '--others', '--exclude-standard')).split('\0')
  for (const file of files.filter(file => file !== '' && existsSync(join(repoRoot, file))))
    cpSync(join(repoRoot, file), join(into, file), { verbatimSymlinks: true })
  for (const folder of ['compose', 'payments-api', 'recon-worker', 'payments-ui', 'loadtest'])
    symlinkSync(join(repoRoot, folder, 'node_modules'), join(into, folder, 'node_modules'))
}
