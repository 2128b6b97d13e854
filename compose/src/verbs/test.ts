// `make test`: runs every check of the project and prints one line for each; the last line counts them. The output of each
// check goes to a file; what failed is printed. `make test ONLY=types` runs the checks with `types` in their name.
import type { Check, Verdict } from '../run-check.ts'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../config.ts'
import { checkEngine } from '../docker/engine.ts'
import { runCheck, skipCheck, summary } from '../run-check.ts'
import { duration } from '../verb.ts'

const one = (name: string, folder: string, ...command: string[]): Check => ({ name, folder, command, counts: 'one' })
const tests = (name: string, folder: string, ...command: string[]): Check => ({ name, folder, command, counts: 'tests' })

const testsOf = (name: string) => tests(`${name} tests`, name, 'npm', 'test')
const simulationOf = (name: string) => tests(`${name} simulation`, name, 'npm', 'run', 'simulation')
const typesOf = (name: string) => one(`${name} types`, name, 'npm', 'run', 'typecheck')

// CPU-bound checks run in two parallel groups, for two cores. The Nuxt checks share a group: the build, the type check and
// the tests all write payments-ui/.nuxt.
const nuxt = [one('payments-ui build', '.', 'make', 'build'), one('payments-ui size', 'payments-ui', 'npm', 'run', 'size'), typesOf('payments-ui'), testsOf('payments-ui')]
const sources = [one('lint', '.', 'npx', 'eslint', '.'), one('dead code', '.', 'npx', 'knip'), one('workflows', 'compose', 'node', 'src/verbs/lint-workflows.ts'), ...['payments-api', 'recon-worker', 'compose', 'loadtest'].map(typesOf)]
// The checks that load a database wait more than they compute: measured alone, payments-api's tests keep 0.7 of a core busy. So
// two run at a time, the longest first. The browser's tests run alone: their deadlines are the tightest.
const systems = [testsOf('compose'), testsOf('payments-api'), testsOf('recon-worker'), testsOf('loadtest'), tests('three repositories', 'compose', 'npm', 'run', 'test:workspace'), one('contracts', 'compose', 'node', 'src/verbs/contracts.ts'), simulationOf('payments-api'), simulationOf('recon-worker')]
const browser = [tests('end to end', 'compose', 'npm', 'run', 'test:e2e')]
// Ten minutes: only with FULL=1. A test of the harness checks that the guide's changes apply.
const drill = one('a new status', 'compose', 'env', 'NAME=on_hold', 'node', 'src/verbs/drill-status.ts')
// Build the images first: that takes minutes on a new machine, and every stack then reuses them.
const images = one('images', 'compose', 'node', 'src/verbs/images.ts')
const inContainers = tests('in containers', 'compose', 'npm', 'run', 'test:containers')
// Minutes of building images for an inner loop that few changes touch: only with FULL=1.
const inDevContainers = tests('in dev containers', 'compose', 'npm', 'run', 'test:dev-containers')
const inSwarm = tests('in a swarm', 'compose', 'npm', 'run', 'test:swarm')

const begin = Date.now()
let interrupted = false
// A Ctrl-C reaches the running checks too: they clean up after themselves, and no further check starts.
process.on('SIGINT', () => interrupted = true)

const { only, full, dockerEnv, needsEngine } = readConfig()
const inEngine = [inContainers, ...full ? [inDevContainers] : [], inSwarm]
const alone = [...browser, ...full ? [drill] : []]
const names = [...nuxt, ...sources, ...systems, ...alone, images, ...inEngine].map(check => check.name)
if (only !== undefined && !names.some(name => name.includes(only))) {
  console.error(`ONLY=${only} matches no check. The checks are: ${names.join(', ')}.`)
  process.exit(1)
}

const { problem, remedy } = checkEngine(dockerEnv)
if (problem !== null && needsEngine) {
  console.error(`${problem}, and ENGINE=1 needs one for the checks in containers. ${remedy}`)
  process.exit(1)
}

const logs = mkdtempSync(join(tmpdir(), 'payments-test-logs-'))
const verdicts = [...await together(nuxt, sources), ...await twoAtATime(systems), ...await oneByOne(alone)]
verdicts.push(...problem === null ? await oneByOne([images, ...inEngine]) : inEngine.filter(wanted).map(check => skipCheck(check, `${problem}. ${remedy}`)))

const failed = verdicts.filter(verdict => verdict.failed > 0).map(verdict => verdict.name)
const result = interrupted ? 'Interrupted' : failed.length > 0 ? 'Failed' : 'Everything passed'
console.log(`\n${result} after ${duration(Date.now() - begin)}${failed.length > 0 ? `: ${failed.join(', ')}` : ''}. The output of each check is in ${logs}.`)
const sum = (key: 'passed' | 'failed' | 'skipped') => verdicts.reduce((sum, verdict) => sum + verdict[key], 0)
console.log(summary({ passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') }))
process.exit(interrupted ? 130 : failed.length > 0 ? 1 : 0)

function wanted(check: Check): boolean {
  return only === undefined || check.name.includes(only)
}

async function together(...groups: Iterable<Check>[]): Promise<Verdict[]> {
  return (await Promise.all(groups.map(oneByOne))).flat()
}

function twoAtATime(checks: Check[]): Promise<Verdict[]> {
  const queue = checks.values()
  return together(queue, queue)
}

async function oneByOne(checks: Iterable<Check>): Promise<Verdict[]> {
  const verdicts: Verdict[] = []
  for (const check of checks) {
    if (!interrupted && wanted(check))
      verdicts.push(await runCheck(check, join(logs, `${check.name.replaceAll(' ', '-')}.log`)))
  }
  return verdicts
}
