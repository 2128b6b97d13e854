import type { Container } from '../src/docker/containers.ts'
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { partStatus } from '../src/docker/container-status.ts'

// Does what Docker's engine does with --tail and --until: it takes the last lines first, then drops the newer ones.
const DOCKER = `#!/bin/bash
until=9 tail=1000000 file=$0.log
while [ $# -gt 1 ]; do case $1 in --until) until=$2; shift;; --tail) tail=$2; shift;; --timestamps) timestamps=1;; esac; shift; done
show() { tail -n "$tail" "$file" | grep " $1 " | awk -v until="$until" -v full="$timestamps" '$1 <= until { at = $1; sub(/^[^ ]+ [^ ]+ /, ""); print (full ? at " " : "") $0 }'; }
show out
show err >&2
`

describe('the last words of a container that Docker restarted', () => {
  const death = Date.parse('2026-01-02T03:04:05.000Z')
  const at = (ms: number) => new Date(death + ms).toISOString().replace('Z', '000000Z')
  let folder: string
  let env: NodeJS.ProcessEnv
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'payments-test-'))
    env = { PATH: `${folder}:${process.env.PATH}` }
    writeFileSync(join(folder, 'docker'), DOCKER)
    chmodSync(join(folder, 'docker'), 0o755)
  })
  after(() => rmSync(folder, { recursive: true }))

  /** Runs partStatus on a restarted worker with this log: milliseconds from its death, stream, text. */
  async function lastLines(log: [ms: number, stream: 'out' | 'err', text: string][]): Promise<string[]> {
    writeFileSync(join(folder, 'docker.log'), log.map(([ms, stream, text]) => `${at(ms)} ${stream} ${text}\n`).join(''))
    const container = {
      Id: 'id',
      name: 'worker-1',
      service: 'worker',
      RestartCount: 1,
      State: { Status: 'exited', Pid: 0, StartedAt: at(150), FinishedAt: at(0) },
      NetworkSettings: { Ports: {} },
    } as unknown as Container
    return (await partStatus(container, env)).lastDeath!.lines
  }

  it('are shown however many lines came since', async () => {
    const since = Array.from({ length: 5_000 }, (_, n): [number, 'out', string] => [200 + n, 'out', `later ${n}`])
    assert.deepEqual(await lastLines([[-2_000, 'out', 'one'], [-1_000, 'err', 'two'], ...since]), ['one', 'two'])
  })

  it('are the latest 20 of both streams, in order', async () => {
    const old = Array.from({ length: 30 }, (_, n): [number, 'err', string] => [n - 90_000, 'err', `old ${n}`])
    const recent = Array.from({ length: 20 }, (_, n): [number, 'out', string] => [n - 1_000, 'out', `recent ${n}`])
    assert.deepEqual(await lastLines([...old, ...recent]), recent.map(([, , text]) => text))
  })

  it('include a line that Docker stamped just after the exit, but none of the next run', async () => {
    assert.deepEqual(await lastLines([[-1, 'out', 'before'], [3, 'err', 'last word'], [120, 'out', 'next run']]), ['before', 'last word'])
  })
})
