import { execFileSync } from 'node:child_process'
import { repoRoot } from '../config.ts'
import { Refusal } from '../refusal.ts'

/** The commit that this tree is compared with: the version in production, which must work together with this one. */
export interface Base {
  commit: string
  /** For display: `the last release, v1.2.0`. */
  name: string
}

/**
 * CONTRACTS_BASE if set; else the last release (tag) before this commit, else where this branch left origin/main, else
 * the previous commit, else this one. Undefined outside a git clone.
 */
export function findBase(): Base | undefined {
  const head = git('rev-parse', '--verify', 'HEAD')
  if (!head)
    return undefined
  const given = process.env.CONTRACTS_BASE
  if (given) {
    const commit = git('rev-parse', '--verify', `${given}^{commit}`)
    if (!commit)
      throw new Refusal(`CONTRACTS_BASE=${given} is not a commit of this clone. Fetch it, or set another commit.`)
    return { commit, name: given }
  }
  const tag = git('describe', '--tags', '--abbrev=0', 'HEAD^')
  if (tag)
    return { commit: git('rev-parse', `${tag}^{commit}`)!, name: `the last release, ${tag}` }
  const fork = git('merge-base', 'origin/main', 'HEAD')
  if (fork && fork !== head)
    return { commit: fork, name: `origin/main at ${fork.slice(0, 8)}` }
  const previous = git('rev-parse', '--verify', 'HEAD^')
  return previous
    ? { commit: previous, name: `the commit before this one, ${previous.slice(0, 8)}` }
    : { commit: head, name: 'this commit (the clone has no older one, so only uncommitted changes are compared)' }
}

/** A file's content at the base. Undefined if it did not exist. */
export function fileAt({ commit }: Base, path: string): string | undefined {
  return git('show', `${commit}:${path}`)
}

/** Writes folders of the base into another folder. */
export function checkOut({ commit }: Base, folders: string[], into: string): void {
  execFileSync('tar', ['-x', '-C', into], {
    input: execFileSync('git', ['archive', commit, ...folders], { cwd: repoRoot, maxBuffer: 2 ** 28 }),
  })
}

function git(...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, { cwd: repoRoot, encoding: 'utf8', maxBuffer: 2 ** 26, stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  }
  catch {
    return undefined
  }
}
