import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { repoRoot } from '../src/config.ts'
import { bakeArguments, webAddress, withDigests } from '../src/docker/images.ts'
import { HarnessCopy } from './support/harness-copy.ts'
import { succeed } from './support/run.ts'

const DOCKERFILES = ['payments-api', 'recon-worker', 'payments-ui', 'compose/postgres', 'compose/proxy'].map(folder => `${folder}/Dockerfile`)
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`

/** A docker command that records its arguments and the variables of the build in these files, and prints what the real one would. */
function fakeDocker(calls: string): string {
  return `#!/usr/bin/env bash
CALLS='${calls}'
printf '%s\\n' "$*" >> "$CALLS"
case "$*" in
  info*) echo '28.0.0 2' ;;
  'compose version'*) echo 2.40.0 ;;
  'compose config'*) printf '{"services": {"api": {"image": "%s/payments-api:%s", "build": {}}, "migrate": {"image": "x"}}}' "$IMAGES" "$VERSION" ;;
  'buildx imagetools'*) echo ${DIGEST} ;;
  'buildx bake'*)
    printf '%s\\n' "$NODE_IMAGE" "$POSTGRES_IMAGE" "$DEBIAN_IMAGE" "$SOURCE" "$REVISION" "$CREATED" > "$CALLS.env"
    file=; while [ "$1" != --metadata-file ]; do shift; done
    printf '{"buildx.build.warnings": [], "api": {"containerimage.digest": "${DIGEST}"}}' > "$2" ;;
esac
`
}

describe('the Dockerfiles', () => {
  for (const path of DOCKERFILES) {
    const text = readFileSync(join(repoRoot, path), 'utf8')
    const lastStage = text.slice(text.lastIndexOf('\nFROM '))

    it(`label the image last, so that a commit invalidates no layer: ${path}`, () => {
      const [, labels] = /^CMD .*\n(?:#.*\n)?ARG VERSION=.*\nARG SOURCE\nARG REVISION\nARG CREATED\nLABEL ([\s\S]*)$/m.exec(lastStage) ?? []
      for (const label of ['title', 'description', 'version', 'source', 'revision', 'created', 'licenses'])
        assert.match(labels ?? '', new RegExp(`org\\.opencontainers\\.image\\.${label}="`), label)
    })

    it(`check the health of the container, which does not run as root: ${path}`, () => {
      assert.match(lastStage, /^HEALTHCHECK /m)
      assert.match(lastStage, /^USER (?!root)/m)
    })

    if (text.includes('NODE_IMAGE')) {
      it(`remove npm, npx, corepack and yarn: ${path}`, () => {
        const [removal = ''] = /^RUN rm -rf .*\n.*/m.exec(lastStage) ?? []
        for (const path of ['lib/node_modules', 'bin/npm', 'bin/npx', 'bin/corepack', 'bin/yarn', 'bin/yarnpkg'])
          assert.ok(removal.split(/\s+/).includes(`/usr/local/${path}`), path)
      })
    }
  }
})

describe('make images', () => {
  let copy: HarnessCopy
  let env: Record<string, string>
  let calls: string
  before(async () => {
    copy = new HarnessCopy()
    const bin = join(copy.root, 'bin')
    mkdirSync(bin)
    calls = join(copy.root, 'calls')
    writeFileSync(join(bin, 'docker'), fakeDocker(calls))
    chmodSync(join(bin, 'docker'), 0o755)
    env = { PATH: `${bin}${delimiter}${process.env.PATH}` }
    const git = (...args: string[]) => succeed(copy.root, { PATH: process.env.PATH!, HOME: copy.root }, 'git', '-c', 'user.name=Test', '-c', 'user.email=test@localhost', ...args)
    await git('init', '--quiet')
    writeFileSync(join(copy.root, '.gitignore'), 'calls*\n')
    await git('add', '--all')
    await git('commit', '--quiet', '--message', 'As it is now')
    await git('remote', 'add', 'origin', 'https://token@github.com/owner/payments.git')
  })
  after(() => copy.remove())

  it('builds for this machine without PUSH', async () => {
    const { code, stdout } = await copy.verb('images', { ...env, IMAGES: 'payments', VERSION: '1.2.0' })
    assert.equal(code, 0)
    assert.equal(stdout, 'payments/payments-api:1.2.0\n')
    assert.match(readFileSync(calls, 'utf8'), /^compose --progress plain build$/m)
  })

  it('pushes images made from base images of known digests, labelled with the commit, and prints their digests', async () => {
    const { code, stdout, stderr } = await copy.verb('images', { ...env, PUSH: '1', IMAGES: 'ghcr.io/owner/payments', VERSION: '1.2.0', NODE_IMAGE: `node@${DIGEST}` })
    assert.equal(code, 0, stderr)
    assert.equal(stdout, `| image | digest |\n|---|---|\n| \`ghcr.io/owner/payments/payments-api:1.2.0\` | \`${DIGEST}\` |\n`)
    const [node, postgres, debian, source, revision, created] = readFileSync(`${calls}.env`, 'utf8').split('\n')
    assert.deepEqual([node, postgres, debian], [`node@${DIGEST}`, `postgres:18@${DIGEST}`, `debian:bookworm-slim@${DIGEST}`])
    assert.equal(source, 'https://github.com/owner/payments')
    assert.match(revision!, /^[0-9a-f]{40}$/)
    assert.match(created!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  })

  it('refuses to push without a registry, without a version, and what is not committed', async () => {
    for (const settings of [{ IMAGES: 'ghcr.io/owner' }, { VERSION: '1.2.0' }] as Record<string, string>[])
      assert.match((await copy.verb('images', { ...env, PUSH: '1', ...settings })).stderr, /^PUSH=1 needs a registry and a version: /)
    writeFileSync(join(copy.root, 'compose/.env'), '')
    const { code, stderr } = await copy.verb('images', { ...env, PUSH: '1', IMAGES: 'ghcr.io/owner', VERSION: '1.2.0' })
    assert.equal(code, 1)
    assert.match(stderr, /^Published images belong to a commit\. /)
  })

  it('builds every platform with SBOM and provenance, with a cache for each image where GitHub offers one', () => {
    const args = bakeArguments(['api', 'ui'], 'file', true).join(' ')
    assert.match(args, /--push --sbom=true --provenance=mode=max --metadata-file file --set \*\.platform=linux\/amd64,linux\/arm64 /)
    assert.match(args, /--set ui\.cache-from=type=gha,scope=ui --set ui\.cache-to=type=gha,mode=max,scope=ui api ui$/)
    assert.doesNotMatch(bakeArguments(['api'], 'file', false).join(' '), /gha/)
  })

  it('fails when the registry reports no digest for an image', () => {
    assert.throws(() => withDigests([{ service: 'api', name: 'x' }], '{"ui": {}}'))
  })

  it('names the page of the repository, without a login', () => {
    for (const remote of ['git@github.com:owner/payments.git', 'https://user:secret@github.com/owner/payments', 'ssh://git@github.com:22/owner/payments.git/'])
      assert.equal(webAddress(remote), 'https://github.com/owner/payments')
    for (const remote of ['', '/srv/payments.git', '../payments'])
      assert.equal(webAddress(remote), '')
  })
})
