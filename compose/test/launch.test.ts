import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig, repoRoot } from '../src/config.ts'
import { debugPort } from '../src/debug-ports.ts'

interface Launch {
  configurations: { name: string, port: number, localRoot?: string }[]
  compounds: { name: string, configurations: string[] }[]
}

describe('.vscode/launch.json', () => {
  const { configurations, compounds } = JSON.parse(readFileSync(join(repoRoot, '.vscode/launch.json'), 'utf8')) as Launch
  const { debugPort: first } = readConfig({})

  for (const [name, part, folder] of [['API', 'api', 'payments-api'], ['Worker', 'worker-1', 'recon-worker'], ['Console\'s server', 'ui', 'payments-ui']] as const) {
    it(`attaches to the debugger of ${part}, as a process and in a container`, () => {
      const [process, container, ...others] = configurations.filter(configuration => configuration.name.startsWith(name))
      assert.deepEqual(others, [])
      assert.deepEqual([process?.port, process?.localRoot], [debugPort(first, part), undefined])
      assert.deepEqual([container?.port, container?.localRoot], [debugPort(first, part), `\${workspaceFolder}/${folder}`])
    })
  }

  it('names in its compounds only configurations that it has', () => {
    const names = configurations.map(({ name }) => name)
    assert.deepEqual(compounds.flatMap(compound => compound.configurations).filter(name => !names.includes(name)), [])
  })
})
