import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { repoRoot } from '../src/config.ts'
import { HarnessCopy } from './support/harness-copy.ts'
import { succeed } from './support/run.ts'

const github = join(repoRoot, '.github')
const step = z.looseObject({ name: z.string().optional(), uses: z.string().optional(), run: z.string().optional(), with: z.record(z.string(), z.unknown()).optional() })
const job = z.looseObject({ 'timeout-minutes': z.number(), 'permissions': z.record(z.string(), z.enum(['read', 'write'])), 'steps': z.array(step) })
const workflow = z.looseObject({
  on: z.record(z.string(), z.unknown()),
  permissions: z.strictObject({}),
  concurrency: z.looseObject({ group: z.string() }),
  defaults: z.object({ run: z.object({ shell: z.string() }) }).optional(),
  jobs: z.record(z.string(), job),
})

const read = (path: string): string => readFileSync(join(github, path), 'utf8')
const files = readdirSync(join(github, 'workflows'))
const workflows = files.map((file) => {
  const text = read(`workflows/${file}`)
  return { file, text, ...workflow.parse(parse(text)) }
})
const stepsOf = ({ jobs }: { jobs: Record<string, z.output<typeof job>> }) => Object.values(jobs).flatMap(({ steps }) => steps)
const targets = new Set([...readFileSync(join(repoRoot, 'Makefile'), 'utf8').matchAll(/^([a-z-]+):/gm)].map(([, target]) => target!))

// The schema above also requires a timeout and permissions for each job, and none for the workflow as a whole.
describe('the workflows', () => {
  it('were found', () => assert.deepEqual(files.sort(), ['bench.yaml', 'codeql.yaml', 'contracts.yaml', 'devcontainer.yaml', 'images.yaml', 'test.yaml']))

  for (const { file, text, on, defaults, jobs } of workflows) {
    const steps = stepsOf({ jobs })

    it(`run verbs of the Makefile only: ${file}`, () => {
      const verbs = steps.flatMap(({ run = '' }) => [...run.matchAll(/^(?:.*\| *)?make ([a-z][a-z -]*)/gm)].flatMap(([, words]) => words!.trim().split(/ +/)))
      assert.deepEqual(verbs.filter(verb => !targets.has(verb)), [])
      assert.ok(verbs.length > 0 || ['codeql.yaml', 'devcontainer.yaml'].includes(file))
    })

    it(`pin every action to a commit, and name its version: ${file}`, () => {
      const uses = text.match(/uses:.*/g) ?? []
      assert.equal(uses.length, steps.filter(({ uses }) => uses).length)
      for (const line of uses)
        assert.match(line, /^uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
    })

    it(`never run a pull request's code with the base's secrets, nor a caller's text as a script: ${file}`, () => {
      assert.ok(!('pull_request_target' in on) && !('workflow_run' in on))
      for (const { run = '', with: inputs } of steps)
        assert.ok(!/\$\{\{/.test(`${run}${String(inputs?.script ?? '')}`), `pass values in env: ${run}`)
    })

    it(`keep no token in the clone: ${file}`, () => {
      for (const { uses = '', with: inputs } of steps.filter(({ uses }) => uses?.startsWith('actions/checkout@')))
        assert.equal(inputs?.['persist-credentials'], false, uses)
    })

    it(`fail when the first command of a pipe fails: ${file}`, () => {
      if (steps.some(({ run }) => run))
        assert.equal(defaults?.run.shell, 'bash')
    })
  }

  it('use one version of each action', () => {
    const versions = new Map<string, Set<string>>()
    for (const { uses } of workflows.flatMap(stepsOf)) {
      const [action = '', commit = ''] = uses?.split('@') ?? []
      versions.set(action, (versions.get(action) ?? new Set()).add(commit))
    }
    assert.deepEqual([...versions].filter(([, commits]) => commits.size > 1), [])
  })
})

describe('the summary of the contracts workflow', () => {
  const folder = mkdtempSync(join(tmpdir(), 'payments-test-'))
  after(() => rmSync(folder, { recursive: true }))
  const contracts = workflows.find(({ file }) => file === 'contracts.yaml')!
  const { run: script } = stepsOf(contracts).find(({ name }) => name === 'Write the summary')!

  /** The summary up to the complete output, for this output of `make contracts`. */
  async function summaryOf(output: string): Promise<string> {
    const summary = join(folder, 'summary.md')
    rmSync(summary, { force: true })
    writeFileSync(join(folder, 'contracts.log'), output)
    await succeed(folder, { PATH: process.env.PATH!, GITHUB_STEP_SUMMARY: summary }, 'bash', '--noprofile', '--norc', '-eo', 'pipefail', '-c', script!)
    return readFileSync(summary, 'utf8').split('<details>')[0]!
  }

  it('says that they hold', async () => {
    assert.equal(await summaryOf('ok      pacts\n\nThe contracts hold: 9 checks passed after 20 s.\n'), '### The contracts hold\n')
  })

  it('names what breaks, and nothing else', async () => {
    const output = 'ok      pacts\nFAILED  the OpenAPI document\n        amount is gone: payments-ui reads it\nok      upgrade\n        not this\n\nThe contracts are broken: 1 of 3 checks failed after 20 s.\n'
    assert.equal(await summaryOf(output), '### The contracts are broken\n```text\nFAILED  the OpenAPI document\n        amount is gone: payments-ui reads it\n```\n')
  })

  it('shows everything when no check ran', async () => {
    assert.equal(await summaryOf('CONTRACTS_BASE=x is no commit of this clone\n'), '### The contracts are broken\n```text\nCONTRACTS_BASE=x is no commit of this clone\n```\n')
  })
})

describe('make lint-workflows', () => {
  let copy: HarnessCopy
  before(() => copy = new HarnessCopy())
  after(() => copy.remove())

  it('fails when there is no workflow to check', async () => {
    const { code, stderr } = await copy.verb('lint-workflows')
    assert.equal(code, 1)
    assert.equal(stderr, 'Nothing was checked: .github/workflows has no workflow.\n')
  })

  it('passes a right workflow', async () => {
    mkdirSync(join(copy.root, '.github/workflows'), { recursive: true })
    writeFileSync(join(copy.root, '.github/workflows/right.yml'), 'on: push\njobs: {a: {runs-on: ubuntu-24.04, steps: [{run: make test}]}}\n')
    const { code, stdout } = await copy.verb('lint-workflows')
    assert.equal(code, 0)
    assert.match(stdout, /^Checking 1 workflow/)
  })

  it('fails and names a mistake, whatever the file is called', async () => {
    writeFileSync(join(copy.root, '.github/workflows/wrong.yaml'), `on: push\njobs: {a: {runs-on: ubuntu-24.04, steps: [{run: "\${{ inputs.nothing }}"}]}}\n`)
    const { code, stdout } = await copy.verb('lint-workflows')
    assert.equal(code, 1)
    assert.match(stdout, /wrong\.yaml[\s\S]*property "nothing" is not defined/)
  })
})

describe('the forms and settings of .github', () => {
  it('let Dependabot look at every lockfile and at every folder that exists', () => {
    const { updates } = z.object({ updates: z.array(z.looseObject({ 'package-ecosystem': z.string(), 'directory': z.string().optional(), 'directories': z.array(z.string()).optional() })) }).parse(parse(read('dependabot.yml')))
    const foldersOf = (ecosystem: string) => updates.filter(update => update['package-ecosystem'] === ecosystem).flatMap(({ directory, directories = [] }) => directory ? [directory] : directories)
    const locked = ['/', '/compose/test/e2e', ...readdirSync(repoRoot).map(name => `/${name}`)].filter(folder => existsSync(join(repoRoot, folder, 'package-lock.json')))
    assert.deepEqual(foldersOf('npm').sort(), locked.sort())
    for (const folder of foldersOf('docker'))
      assert.ok(existsSync(join(repoRoot, folder, 'Dockerfile')), folder)
    assert.deepEqual(updates.map(update => update['package-ecosystem']).sort(), ['devcontainers', 'docker', 'github-actions', 'npm'])
  })

  it('have what GitHub requires of an issue form', () => {
    const field = z.looseObject({ type: z.enum(['markdown', 'textarea', 'input', 'dropdown', 'checkboxes']), id: z.string().optional(), attributes: z.looseObject({ label: z.string().optional(), value: z.string().optional() }) })
    const form = z.strictObject({ name: z.string(), description: z.string(), labels: z.array(z.string()), body: z.array(field).min(1) })
    for (const file of ['bug.yml', 'idea.yml']) {
      const { body } = form.parse(parse(read(`ISSUE_TEMPLATE/${file}`)))
      assert.ok(body.every(({ type, attributes }) => type === 'markdown' ? attributes.value : attributes.label), file)
      const ids = body.flatMap(({ id }) => id ?? [])
      assert.equal(new Set(ids).size, ids.length, file)
    }
  })
})
