import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../src/config.ts'

const read = (path: string): string => readFileSync(join(repoRoot, path), 'utf8')

/** The variables of a zod schema in a source file, and those defaults that are literals. */
function variablesOf(path: string): Map<string, string | undefined> {
  const [, schema] = /^const (?:Env|environment) = z\.object\(\{\n([\s\S]*?)^\}\)/m.exec(read(path)) ?? []
  assert.ok(schema, `${path} has no schema of the environment`)
  const variables = new Map<string, string | undefined>()
  let name = ''
  for (const line of schema.split('\n')) {
    name = /^ {2}([A-Z_]+):/.exec(line)?.[1] ?? name
    if (name === '')
      continue
    const [, text, number] = /\.default\((?:'([^']*)'|([\d_]+))\)/.exec(line) ?? []
    variables.set(name, text ?? number?.replaceAll('_', '') ?? variables.get(name))
  }
  return variables
}

/** The rows of a table of docs/operations.md, by variable: the default in code style, undefined where it is described in words. */
function documented(heading: string): Map<string, string | undefined> {
  const [, section] = new RegExp(`^### ${heading}.*\\n([\\s\\S]*?)(?=^##)`, 'm').exec(read('docs/operations.md')) ?? []
  assert.ok(section, `docs/operations.md has no section ${heading}`)
  return new Map([...section.matchAll(/^\| `([A-Z_]+)` \| (.*?) \|/gm)].map(([, name, value]) => [name!, /^`([^`]*)`$/.exec(value!)?.[1]]))
}

// Whoever adds a variable, or changes a default, must also say so in docs/operations.md.
describe('docs/operations.md lists the variables, and their defaults, of', () => {
  for (const [heading, path] of [['API', 'payments-api/src/config.ts'], ['Worker', 'recon-worker/src/config.ts'], ['Harness', 'compose/src/config.ts']] as const) {
    it(path, () => {
      assert.deepEqual(documented(heading), variablesOf(path))
    })
  }

  it('payments-ui/nuxt.config.ts', () => {
    const [, byDefault] = /apiUrl: '([^']*)'/.exec(read('payments-ui/nuxt.config.ts')) ?? []
    assert.ok(read('docs/operations.md').includes(`| \`NUXT_API_URL\` | \`${byDefault}\` |`))
  })
})
