import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { repoRoot } from '../src/config.ts'

const SIZE = /^\d+(?:[tgmk]b)?$/
const FOLDER = join(repoRoot, '.devcontainer')
const portAttributes = z.strictObject({
  label: z.string().optional(),
  onAutoForward: z.enum(['notify', 'openBrowser', 'openBrowserOnce', 'openPreview', 'silent', 'ignore']),
})
/** The fields that this project uses, as https://containers.dev/implementors/json_reference defines them. */
const devcontainer = z.strictObject({
  name: z.string(),
  build: z.strictObject({ dockerfile: z.string() }),
  features: z.record(z.string().regex(/^ghcr\.io\/[\w/-]+:\d+(?:\.\d+)*$/, 'a feature has a registry, a name and a version'), z.record(z.string(), z.union([z.string(), z.boolean()]))).optional(),
  containerEnv: z.record(z.string(), z.string()).optional(),
  remoteUser: z.string(),
  updateContentCommand: z.string(), // prebuilds run it, unlike postCreateCommand
  forwardPorts: z.array(z.int().min(0).max(65_535)),
  portsAttributes: z.record(z.string().regex(/^\d+(?:-\d+)?$/), portAttributes),
  otherPortsAttributes: portAttributes,
  hostRequirements: z.strictObject({ cpus: z.int().min(1), memory: z.string().regex(SIZE), storage: z.string().regex(SIZE) }),
  customizations: z.strictObject({
    vscode: z.strictObject({ extensions: z.array(z.string().regex(/^[a-z0-9][a-z0-9-]*\.[a-z0-9][a-z0-9-]*$/i)) }),
  }),
})

const readDevcontainer = (path: string) => devcontainer.parse(JSON.parse(readFileSync(join(FOLDER, path), 'utf8')))

describe('the dev container', () => {
  const main = readDevcontainer('devcontainer.json')
  const embedded = readDevcontainer('embedded/devcontainer.json')

  it('follows the specification, with Docker-in-Docker, and without for platforms that forbid it', () => {
    assert.ok(Object.keys(main.features!).some(feature => feature.includes('/docker-in-docker:')))
    assert.equal(embedded.features, undefined)
    assert.deepEqual(embedded.containerEnv, { MODE: 'embedded' })
  })

  it('differs between the two in nothing else', () => {
    const { features: _features, ...rest } = main
    assert.deepEqual(embedded, {
      ...rest,
      name: embedded.name,
      build: { dockerfile: `../${main.build.dockerfile}` },
      containerEnv: { MODE: 'embedded' },
      customizations: { vscode: { extensions: main.customizations.vscode.extensions.filter(name => !name.includes('containers')) } },
    })
    assert.ok(existsSync(join(FOLDER, main.build.dockerfile)))
  })

  it('labels every port that it forwards', () => {
    assert.deepEqual(main.forwardPorts.map(String), Object.keys(main.portsAttributes))
    assert.ok(Object.values(main.portsAttributes).every(({ label }) => label))
  })

  it('has the Node version of the project and the psql of the server', () => {
    const dockerfile = readFileSync(join(FOLDER, main.build.dockerfile), 'utf8')
    const [, major] = /^POSTGRES_IMAGE=postgres:(\d+)/m.exec(readFileSync(join(repoRoot, 'compose/.env'), 'utf8'))!
    assert.match(dockerfile, /^FROM node:24-/m)
    assert.match(dockerfile, new RegExp(`^ARG POSTGRES_MAJOR=${major}$`, 'm'))
  })

  it('installs with verbs that exist, in the step that prebuilds run', () => {
    const makefile = readFileSync(join(repoRoot, 'Makefile'), 'utf8')
    for (const verb of main.updateContentCommand.split(' ').slice(1))
      assert.match(makefile, new RegExp(`^${verb}:`, 'm'))
  })
})
