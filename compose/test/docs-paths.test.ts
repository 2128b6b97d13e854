import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../src/config.ts'

const NOT_OURS = new Set(['node_modules', '.git', '.tools', '.data', '.nuxt', '.output'])

const read = (path: string): string => readFileSync(join(repoRoot, path), 'utf8')
const paths = listPaths('')
const targets = new Set([...read('Makefile').matchAll(/^([a-z-]+):/gm)].map(([, target]) => target!))
const verbs = new Set(readdirSync(join(repoRoot, 'compose/src/verbs')))

// Advice that names what is gone sends its reader the wrong way.
describe('what is named exists', () => {
  for (const doc of ['AGENTS.md', 'CONTRIBUTING.md']) {
    const text = read(doc)
    const code = [...text.matchAll(/`([^`\n]+)`/g), ...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, code]) => code!)

    it(`each make verb in ${doc}`, () => {
      const named = code.flatMap(code => [...code.matchAll(/\bmake ([a-z][a-z-]*)/g)].map(([, verb]) => verb!))
      assert.ok(named.length > 5)
      assert.deepEqual(named.filter(verb => !targets.has(verb)), [])
    })

    it(`each path in ${doc}`, () => {
      const linked = [...text.matchAll(/\]\(([^)#:]+)/g)].map(([, path]) => path!)
      const named = [...linked, ...code.flatMap(code => code.split(/[\s=]+/)).filter(isPath)].flatMap(expandBraces)
      assert.ok(named.length > 15, named.join(' '))
      assert.deepEqual(named.filter(path => !exists(path)), [])
    })

    it(`each npm script in ${doc}`, () => {
      const scripts = ['.', 'compose', 'loadtest', 'payments-api', 'recon-worker', 'payments-ui']
        .flatMap(folder => Object.keys((JSON.parse(read(join(folder, 'package.json'))) as { scripts: Record<string, string> }).scripts))
      const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, script]) => script!)
      assert.ok(named.length > 0)
      assert.deepEqual(named.filter(script => !scripts.includes(script)), [])
    })
  }

  it('each make verb in the table of compose/README.md, which lists every file of compose/src/verbs', () => {
    const rows = [...read('compose/README.md').matchAll(/^\| `make ([a-z-]+)/gm)].map(([, verb]) => verb!)
    assert.deepEqual(rows.filter(verb => !targets.has(verb)), [])
    const documentedElsewhere = ['contracts', 'contracts-break', 'contracts-publish', 'contracts-record'] // contracts/README.md
    const missing = [...verbs].map(file => file.replace('.ts', '')).filter(verb => !rows.includes(verb) && !documentedElsewhere.includes(verb))
    assert.deepEqual(missing, [])
  })
})

/** Every file and folder of the tree, relative to its root; folders end in a slash. */
function listPaths(folder: string): string[] {
  return readdirSync(join(repoRoot, folder), { withFileTypes: true })
    .filter(({ name }) => !NOT_OURS.has(name))
    .flatMap((entry) => {
      const path = `${folder}${entry.name}`
      return entry.isDirectory() ? [`${path}/`, ...listPaths(`${path}/`)] : [path]
    })
}

/** A word with a slash or a file's ending. Not an option, a version, an address or a scope. */
function isPath(word: string): boolean {
  return /^[\w.{][\w./*{},-]*$/.test(word) && (/\w\/|\/\w/.test(word) || /\.(?:ts|vue|md|sql|json|yaml|yml)$/.test(word))
}

/** `sql/{a,b}.ts` names two paths. */
function expandBraces(path: string): string[] {
  const [, before, choices, after] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(path) ?? []
  return choices === undefined ? [path] : choices.split(',').flatMap(choice => expandBraces(`${before}${choice}${after}`))
}

/** Whether a path exists, from the root or, as in the tables, from a folder that the text names. NAME and * stand for any name. */
function exists(path: string): boolean {
  const pattern = path.replaceAll(/[.+()]/g, '\\$&').replaceAll(/\*|NAME/g, '[^/]+')
  const found = new RegExp(`(?:^|/)${pattern}${path.endsWith('/') ? '' : '/?'}$`)
  return paths.some(candidate => found.test(candidate))
}
