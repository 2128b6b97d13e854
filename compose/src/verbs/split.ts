// `make split DEST=folder`: writes this tree as separate repositories: one for each service, with its folder as the root,
// and one for the rest, the harness. Each repository keeps the history of its files.
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { count } from '../count.ts'
import { git, gitWithInput } from '../git.ts'
import { Refusal } from '../refusal.ts'
import { HARNESS, services } from '../repositories.ts'
import { duration, runVerb } from '../verb.ts'

/** One of the new repositories: the paths whose history it keeps, and how to derive its tree from a commit of this one. */
interface Piece { name: string, branch: string, paths: string[], treeOf: (commit: string) => Promise<string> }

await runVerb(async ({ dest }) => {
  if (dest === undefined)
    throw new Refusal('DEST is not set. Name a new or empty folder: `make split DEST=folder`.')
  if (existsSync(dest) && !(statSync(dest).isDirectory() && readdirSync(dest).length === 0))
    throw new Refusal(`${dest} is not an empty folder. Choose another one: \`make split DEST=folder\`.`)
  if (await git('rev-parse', '--verify', '--quiet', 'HEAD').catch(() => '') === '')
    throw new Refusal('There is no commit to split. Run this in a git clone.')
  if (await git('rev-parse', '--is-shallow-repository') === 'true')
    console.log('This clone is shallow, so the repositories start at its oldest commit. For the whole history, run `git fetch --unshallow` first.')
  if (await git('status', '--porcelain') !== '')
    console.log('Uncommitted changes are left out.')

  for (const piece of pieces()) {
    const begin = Date.now()
    const { tip, commits } = await rewrite(piece)
    const folder = join(dest, piece.name)
    await git('init', '--quiet', '--initial-branch', piece.branch, folder)
    // Push to another branch: git refuses a push to the branch that is checked out.
    await git('push', '--quiet', folder, `${tip}:refs/heads/split`)
    await git('-C', folder, 'reset', '--quiet', '--hard', 'split')
    await git('-C', folder, 'branch', '--quiet', '-D', 'split')
    console.log(`${piece.name.padEnd(16)} ${count(commits, 'commit')}, branch ${piece.branch} (${duration(Date.now() - begin)})`)
  }
  return 0
})

function pieces(): Piece[] {
  const all = services()
  const names = new Set(all.map(({ name }) => name))
  return [
    ...all.map(({ name, branch }) => ({ name, branch, paths: [name], treeOf: (commit: string) => git('rev-parse', `${commit}:${name}`) })),
    {
      name: HARNESS,
      branch: 'main',
      paths: ['.', ...[...names].map(name => `:(exclude)${name}`)],
      treeOf: async (commit: string) => {
        const entries = (await git('ls-tree', commit)).split('\n').filter(entry => !names.has(entry.split('\t')[1]!))
        return gitWithInput(`${entries.join('\n')}\n`, 'mktree')
      },
    },
  ]
}

/** Recreates each commit that touches the piece, with only the piece's files. Keeps author, dates and message. */
async function rewrite({ name, paths, treeOf }: Piece): Promise<{ tip: string, commits: number }> {
  const made = new Map<string, string>()
  const lines = await git('rev-list', '--topo-order', '--reverse', '--parents', 'HEAD', '--', ...paths)
  if (lines === '')
    throw new Refusal(`No commit has a file of ${name}. If it is already a separate repository, there is nothing to split.`)
  let tip = ''
  for (const [commit, ...parents] of lines.split('\n').map(line => line.split(' '))) {
    const header = [`tree ${await treeOf(commit!)}`, ...parents.map(parent => `parent ${made.get(parent)}`)]
    tip = await gitWithInput(remake(await git('cat-file', 'commit', commit!), header), 'hash-object', '-t', 'commit', '-w', '--stdin')
    made.set(commit!, tip)
  }
  return { tip, commits: made.size }
}

/** The commit with another tree and other parents, without its signature, which would no longer be valid. */
function remake(commit: string, header: string[]): string {
  const end = commit.indexOf('\n\n')
  const otherHeaders = commit.slice(0, end).replace(/\ngpgsig(?:-sha256)? .*(?:\n .*)*/g, '').split('\n').filter(line => !/^(?:tree|parent) /.test(line))
  return `${[...header, ...otherHeaders].join('\n')}${commit.slice(end)}\n`
}
