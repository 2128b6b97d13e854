import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { docker } from '../src/docker/docker.ts'
import { slowIt } from './support/slow.ts'
import { until } from './support/until.ts'

// Stands in for Docker's client where it cannot be made to fail: it loses signals at random.
describe('a docker command that is interrupted', () => {
  let folder: string
  before(() => folder = mkdtempSync(join(tmpdir(), 'payments-docker-')))
  after(() => rmSync(folder, { recursive: true }))

  for (const [what, onTerm] of [
    ['loses the first SIGTERM', `trap 'trap "exit 143" TERM' TERM`],
    ['ignores SIGTERM', `trap '' TERM`],
  ] as const) {
    (what === 'ignores SIGTERM' ? slowIt : it)(`ends although it ${what}`, async () => {
      const started = join(folder, what.replaceAll(' ', '-'))
      writeFileSync(join(folder, 'docker'), `#!/bin/bash\n${onTerm}\ntouch ${started}\nwhile true; do sleep 0.1; done\n`)
      chmodSync(join(folder, 'docker'), 0o755)
      const interrupted = new AbortController()
      const running = docker(['compose', 'logs'], { env: { PATH: `${folder}:${process.env.PATH}` }, timeoutMs: 60_000, signal: interrupted.signal })
      const ended = assert.rejects(running, /interrupted/)
      await until('the command has started', () => existsSync(started))
      interrupted.abort()
      await ended
    })
  }
})
