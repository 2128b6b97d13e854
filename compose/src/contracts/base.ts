import { execFileSync } from 'node:child_process'
import { git, gitBytes, gitIfAny, isClone } from '../git.ts'
import { Refusal } from '../refusal.ts'

const TAR_TIMEOUT_MS = 60_000

/** The commit that this tree is compared with: the version in production, which must work together with this one. */
export interface Base {
  commit: string
  /** For display: `the last release, v1.2.0`. */
  name: string
}

/**
 * CONTRACTS_BASE if set; else the last release (tag) before this commit, else where this branch left origin/main, else
 * the previous commit, else this one. Undefined only outside a git clone.
 * @throws {Refusal} with git's error if git cannot read the clone, or if the clone lacks the history
 */
export async function findBase(): Promise<Base | undefined> {
  const given = process.env.CONTRACTS_BASE
  if (!await isClone()) {
    if (given)
      throw new Refusal(`CONTRACTS_BASE=${given} cannot be compared with: this tree is not a git clone.`)
    return undefined
  }
  const [head, previous] = (await git('rev-list', '--parents', '--max-count=1', 'HEAD')).split(' ')
  if (given) {
    const commit = await gitIfAny('rev-parse', '--verify', '--quiet', `${given}^{commit}`)
    if (!commit)
      throw new Refusal(`CONTRACTS_BASE=${given} is not a commit of this clone. Fetch it, or set another commit.`)
    return { commit, name: given }
  }
  if (!previous && await git('rev-parse', '--is-shallow-repository') === 'true')
    throw new Refusal('This clone has no history to compare with. Fetch it with `git fetch --unshallow`, or set CONTRACTS_BASE.')
  if (previous && await git('for-each-ref', '--count=1', '--merged', previous, 'refs/tags') !== '') {
    const tag = await git('describe', '--tags', '--abbrev=0', previous)
    return { commit: await git('rev-parse', `${tag}^{commit}`), name: `the last release, ${tag}` }
  }
  const main = await gitIfAny('rev-parse', '--verify', '--quiet', 'refs/remotes/origin/main')
  const fork = main && await gitIfAny('merge-base', main, head!)
  if (fork && fork !== head)
    return { commit: fork, name: `origin/main at ${fork.slice(0, 8)}` }
  return previous
    ? { commit: previous, name: `the commit before this one, ${previous.slice(0, 8)}` }
    : { commit: head!, name: 'this commit (the clone has no older one, so only uncommitted changes are compared)' }
}

/** A file's content at the base. Undefined if it did not exist. */
export async function fileAt({ commit }: Base, path: string): Promise<string | undefined> {
  return await git('ls-tree', '--name-only', commit, '--', path) === '' ? undefined : git('show', `${commit}:./${path}`)
}

/** Writes folders of the base into another folder. */
export async function checkOut({ commit }: Base, folders: string[], into: string): Promise<void> {
  execFileSync('tar', ['-x', '-C', into], { input: await gitBytes('archive', commit, ...folders), timeout: TAR_TIMEOUT_MS, killSignal: 'SIGKILL' })
}
