import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const src = join(import.meta.dirname, '../src')

/** Any folder and file may import these. They import only each other. */
const LEAVES = ['config.ts', 'connection-budget.ts', 'count.ts', 'debug-ports.ts', 'refusal.ts', 'stack.ts']

/** What each folder of compose/src, or file directly in it, may import besides itself and the leaves. */
const MAY_IMPORT: Record<string, string[]> = {
  'verbs': ['embedded', 'docker', 'swarm', 'contracts', 'data', 'machine', 'anchors.ts', 'changelog.ts', 'git.ts', 'invariants.ts', 'open-stack.ts', 'repositories.ts', 'run-check.ts', 'show-progress.ts', 'validation-checks.ts', 'verb.ts'],
  'swarm': ['docker', 'data', 'machine'],
  'docker': ['data', 'machine', 'git.ts'],
  'embedded': ['data', 'machine'],
  'data': ['machine'],
  'machine': [],
  'contracts': ['machine', 'git.ts', 'invariants.ts'],
  'open-stack.ts': ['docker', 'embedded', 'data', 'machine'],
  'run-check.ts': ['machine', 'verb.ts'],
  'show-progress.ts': ['verb.ts'],
  'anchors.ts': [],
  'changelog.ts': [],
  'git.ts': ['machine'],
  'invariants.ts': ['machine'],
  'repositories.ts': [],
  'validation-checks.ts': [],
  'verb.ts': [],
}

describe('the imports of compose/src', () => {
  const imports = readImports()

  it('were found, in folders that the table lists', () => {
    assert.ok([...imports.values()].flat().length > 100)
    assert.deepEqual([...new Set([...imports.keys()].map(unitOf))].sort(), [...LEAVES, ...Object.keys(MAY_IMPORT)].sort())
  })

  it('go only where the table allows', () => {
    const forbidden = [...imports].flatMap(([file, imported]) => imported
      .filter(target => !allowed(unitOf(file), unitOf(target)))
      .map(target => `${file} imports ${target}: ${unitOf(file)} may not import ${unitOf(target)}`))
    assert.deepEqual(forbidden, [])
  })

  it('form no cycle between files', () => {
    assert.deepEqual(findCycles(imports), [])
  })
})

/** The files that each file imports, types included, as paths relative to compose/src. */
function readImports(): Map<string, string[]> {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))
  return new Map(files.map((file) => {
    const text = readFileSync(join(src, file), 'utf8')
    const found = [...text.matchAll(/^(?:import|export) [^'=]*'(\.\.?\/[^']+)'|\bimport\('(\.\.?\/[^']+)'\)/gm)]
    return [file, found.map(([, declared, dynamic]) => relative(src, join(src, dirname(file), declared ?? dynamic!)))]
  }))
}

/** `docker` for docker/engine.ts; the file itself if it lies directly in compose/src. */
function unitOf(file: string): string {
  return file.split('/')[0]!
}

function allowed(from: string, to: string): boolean {
  return from === to || LEAVES.includes(to) || (MAY_IMPORT[from] ?? []).includes(to)
}

/** Each cycle as `a.ts -> b.ts -> a.ts`. */
function findCycles(imports: Map<string, string[]>): string[] {
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (file: string, path: string[]): void => {
    if (path.includes(file)) {
      cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
      return
    }
    if (done.has(file))
      return
    for (const target of imports.get(file) ?? [])
      visit(target, [...path, file])
    done.add(file)
  }
  for (const file of imports.keys())
    visit(file, [])
  return cycles
}
