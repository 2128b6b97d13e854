// `make workspace`: clones the missing services into this tree, so that one workspace holds all repositories.
import { existsSync } from 'node:fs'
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { repoRoot } from '../config.ts'
import { git } from '../git.ts'
import { Refusal } from '../refusal.ts'
import { canClone, services } from '../repositories.ts'
import { duration, runVerb } from '../verb.ts'

await runVerb(async ({ repoBase }) => {
  const failures: string[] = []
  for (const { name, branch } of services()) {
    if (!canClone(name)) {
      console.log(`${name.padEnd(14)} already here, left unchanged`)
      continue
    }
    const url = `${repoBase ?? await siblingsOfOrigin()}/${name}`
    const begin = Date.now()
    try {
      await git('clone', '--quiet', '--branch', branch, url, name)
      await hideFromHarness(name)
      console.log(`${name.padEnd(14)} cloned from ${withoutLogin(url)}, branch ${branch} (${duration(Date.now() - begin)})`)
    }
    catch (error) {
      failures.push(`${name} could not be cloned from ${withoutLogin(url)}, branch ${branch}: ${withoutLogin((error as Error).message)}`)
    }
  }
  for (const failure of failures)
    console.error(failure)
  if (failures.length > 0)
    console.error('To clone from elsewhere: `make workspace REPO_BASE=https://host/owner`. To change a branch: workspace.json.')
  return failures.length > 0 ? 1 : 0
})

/** The origin of this repository without the repository's name: `https://host/owner`, `git@host:owner` or a folder. */
async function siblingsOfOrigin(): Promise<string> {
  const origin = await git('config', '--get', 'remote.origin.url').catch(() => '')
  const sibling = /^(.*[^/:])[/:][^/:]+\/?$/.exec(origin)
  if (!sibling)
    throw new Refusal('This clone has no remote `origin`, so the location of the services is unknown. Set it: `make workspace REPO_BASE=https://host/owner`.')
  return sibling[1]!
}

// Each service is a repository inside this one, and git would offer to add it. The exclusion is local to this clone, since a
// single repository with everything tracks these folders.
async function hideFromHarness(name: string): Promise<void> {
  const file = resolve(repoRoot, await git('rev-parse', '--git-path', 'info/exclude'))
  const line = `/${name}/`
  if (existsSync(file) && (await readFile(file, 'utf8')).split('\n').includes(line))
    return
  await mkdir(dirname(file), { recursive: true })
  await appendFile(file, `${line}\n`)
}

/** Removes user names and passwords from URLs, since many people read logs. */
function withoutLogin(text: string): string {
  return text.replaceAll(/(\w+:\/\/)[^/@\s]+@/g, '$1')
}
