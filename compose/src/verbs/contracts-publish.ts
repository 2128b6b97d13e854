// `make contracts-publish PACT_BROKER_BASE_URL=...`: publishes the committed pacts under this commit and branch, runs the
// providers' verification against the broker, and asks whether each part can be deployed: to PACT_ENVIRONMENT if set, else
// together with the main branches. Log in with PACT_BROKER_TOKEN, or PACT_BROKER_USERNAME and PACT_BROKER_PASSWORD.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { repoRoot } from '../config.ts'
import { runScript } from '../contracts/step.ts'
import { git } from '../git.ts'
import { Refusal } from '../refusal.ts'
import { runVerb } from '../verb.ts'

const PARTS = ['payments-ui', 'payments-api', 'recon-worker']
const PROVIDERS = ['payments-api', 'recon-worker']
const TIMEOUT_MS = 5 * 60_000
const broker = join(repoRoot, 'compose/node_modules/.bin/pact-broker')

await runVerb(async () => {
  const url = process.env.PACT_BROKER_BASE_URL
  if (!url)
    throw new Refusal('PACT_BROKER_BASE_URL is not set, so nothing was published. Set it: `make contracts-publish PACT_BROKER_BASE_URL=https://broker.example`.')
  if (!/^https?:\/\/\S+$/.test(url))
    throw new Refusal(`PACT_BROKER_BASE_URL=${url} is not valid: it must be a URL such as https://broker.example.`)
  if (await git('status', '--porcelain', '--', 'contracts/pacts') !== '')
    throw new Refusal('Uncommitted changes in contracts/pacts: commit them first, because a published pact belongs to a commit.')
  const version = await git('rev-parse', 'HEAD')
  const branch = process.env.PACT_BRANCH || await git('rev-parse', '--abbrev-ref', 'HEAD')
  if (branch === 'HEAD')
    throw new Refusal('No branch is checked out. Set PACT_BRANCH to the branch of these pacts.')

  ask('publish', join(repoRoot, 'contracts/pacts'), '--consumer-app-version', version, '--branch', branch)
  Object.assign(process.env, { PACT_PROVIDER_VERSION: version, PACT_BRANCH: branch })
  for (const provider of PROVIDERS) {
    const { name, problems } = await runScript(provider, 'verify', join(repoRoot, 'contracts'))
    if (problems.length > 0)
      throw new Refusal(`${name} failed for the pacts of the broker.`, problems)
    console.log(`${provider} verified the pacts of the broker, as commit ${version.slice(0, 8)} of branch ${branch}`)
  }
  const where = process.env.PACT_ENVIRONMENT ? ['--to-environment', process.env.PACT_ENVIRONMENT] : ['--main-branch']
  for (const part of PARTS)
    ask('can-i-deploy', '--pacticipant', part, '--version', version, ...where)
  return 0
})

/** Runs the broker's client. Its output goes to this terminal. */
function ask(verb: string, ...args: string[]): void {
  const { status } = spawnSync(broker, [verb, ...args, '--retries', '1'], { stdio: ['ignore', 'inherit', 'inherit'], timeout: TIMEOUT_MS, killSignal: 'SIGKILL' })
  if (status !== 0)
    throw new Refusal(`\`pact-broker ${verb}\` failed${status === null ? `: it did not finish within ${TIMEOUT_MS / 60_000} minutes, or was killed` : ` with exit code ${status}`}. Its output is above.`)
}
