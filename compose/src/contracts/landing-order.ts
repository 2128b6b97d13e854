import type { DrillCopy, Ran } from './drill-copy.ts'
import { cpSync, existsSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../config.ts'

const SERVICES = ['payments-api', 'recon-worker', 'payments-ui']
const HARNESS = 'payments-system'

/** The contracts of the API in the workspace: its schema, and the invariants of which it has a copy. */
const SCHEMA = 'cp payments-api/invariants/*.sql "$CONTRACTS_DIR/invariants/" && cd payments-api && npm run --silent schema > /dev/null'
/** What each service promises and expects, checked with the others as they are in the workspace. */
const CHECKS: Record<string, (name: string) => string> = {
  // The new API and its database keep what the consumers' pacts expect.
  'payments-api': () => `(${SCHEMA}) && (cd payments-api && npm run --silent verify)`,
  // The new worker's tests run on the database that the API's migrations create.
  'recon-worker': name => `(${SCHEMA}) && (cd recon-worker && npx mocha --no-config --require test/support/database.ts --timeout 60000 test/${name}.test.ts)`,
  // The API returns what the new console's pact expects.
  'payments-ui': () => `(${SCHEMA}) && (cd payments-ui && npm run --silent pacts) && (cd payments-api && npm run --silent verify)`,
}

export interface LandingReport {
  /** A repository has the commit on its branch. */
  committed: (repository: string, commit: string, files: string) => void
  tried: (what: string, ran: Ran, expected: 'red' | 'green', ms: number) => void
}

/**
 * Splits the copy's first commit into repositories, commits each one's part of the change to a branch there, and checks in a workspace
 * which branch may land first. `make contracts` checks the same promises once all have landed.
 */
export async function tryLandingOrders(copy: DrillCopy, status: string, report: LandingReport): Promise<void> {
  const repositories = join(copy.parent, 'repositories')
  const branch = `add-${status.replaceAll('_', '-')}`
  const split = await copy.run('node compose/src/verbs/split.ts', { DEST: repositories })
  if (split.code !== 0)
    throw new Error(`make split failed: ${split.output}`)
  for (const repository of [...SERVICES, HARNESS]) {
    const folder = join(repositories, repository)
    copy.gitIn(folder, 'switch', '--quiet', '--create', branch)
    const files = changedFiles(copy, repository)
    for (const { from, to } of files)
      cpSync(join(copy.tree, from), join(folder, to))
    const commit = copy.commit(folder, `Add the payment status ${status}`)
    report.committed(repository, commit, files.map(({ to }) => to).join(', '))
  }

  const workspace = join(copy.parent, 'workspace')
  copy.gitIn(copy.parent, 'clone', '--quiet', '--branch', 'main', join(repositories, HARNESS), workspace)
  for (const service of SERVICES) {
    copy.gitIn(workspace, 'clone', '--quiet', '--branch', 'main', join(repositories, service), service)
    symlinkSync(join(repoRoot, service, 'node_modules'), join(workspace, service, 'node_modules'))
  }
  const contracts = join(copy.parent, 'contracts')
  /** Checks out the branches that have landed and the one that is to land, and runs its checks against the others' contracts. */
  const attempt = async (service: string, landed: string[], expected: 'red' | 'green'): Promise<void> => {
    const begin = Date.now()
    for (const each of SERVICES)
      copy.gitIn(join(workspace, each), 'checkout', '--quiet', [service, ...landed].includes(each) ? `origin/${branch}` : 'origin/main')
    rmSync(contracts, { recursive: true, force: true })
    cpSync(join(workspace, 'contracts'), contracts, { recursive: true })
    const ran = await copy.run(CHECKS[service]!(branch.slice('add-'.length)), { CONTRACTS_DIR: contracts }, workspace)
    const what = landed.length > 0 ? `${service} lands after ${landed.join(' and ')}` : expected === 'green' ? `${service} lands first` : `${service} cannot land first`
    report.tried(what, ran, expected, Date.now() - begin)
  }
  await attempt('recon-worker', [], 'red')
  await attempt('payments-ui', [], 'red')
  await attempt('payments-api', [], 'green')
  await attempt('recon-worker', ['payments-api'], 'green')
  await attempt('payments-ui', ['payments-api'], 'green')
}

/** The files of the change that belong to a repository, with their path in the copy and there. */
function changedFiles(copy: DrillCopy, repository: string): { from: string, to: string }[] {
  const files = copy.git('status', '--porcelain', '--untracked-files=all', '-z').split('\0').filter(entry => entry !== '').map(entry => entry.slice(3))
  return files
    .filter(file => existsSync(join(copy.tree, file)))
    .filter(file => repository === HARNESS ? !SERVICES.includes(file.split('/')[0]!) : file.startsWith(`${repository}/`))
    .map(from => ({ from, to: repository === HARNESS ? from : from.slice(repository.length + 1) }))
}
