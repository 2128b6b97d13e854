import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect } from '../../compose/src/machine/connect.ts'
import { slowIt } from '../../compose/test/support/slow.ts'
import { TemporaryStack } from '../../compose/test/support/temporary-stack.ts'
import { findK6 } from '../runner/find-k6.ts'

const TIMEOUT_MS = 300_000
/** Building k6 for the first time takes minutes. */
const K6_TIMEOUT_MS = 1_500_000

describe('make load against a running system', () => {
  let system: TemporaryStack
  before(async function () {
    this.timeout(K6_TIMEOUT_MS)
    try {
      await findK6(console.log)
    }
    catch (error) {
      console.log(`      skipped: ${(error as Error).message}`)
      this.skip()
    }
    system = await TemporaryStack.create({ APIS: '2' })
    await system.stack.start(() => {}, new AbortController().signal)
  })
  after(() => system?.remove())

  async function load(settings: Record<string, string>, { env } = system) {
    const child = spawn(process.execPath, ['runner/load.ts'], { cwd: join(import.meta.dirname, '..'), env: { ...env, ...settings }, timeout: TIMEOUT_MS })
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit') as Promise<[number | null]>])
    const report = /Report: (\S+)/.exec(stdout)?.[1]
    const page = report === undefined ? '' : readFileSync(join(import.meta.dirname, '..', report), 'utf8')
    if (report)
      rmSync(join(import.meta.dirname, '..', report))
    return { code, stdout, stderr, page }
  }

  it('passes four scenarios, writes a self-contained report, and restores the number of workers', async () => {
    const { code, stdout, stderr, page } = await load({ SCENARIO: 'smoke,concurrent-workers,idempotency-race,refund-race', VUS: '20', DURATION: '5s' })
    assert.deepEqual([code, stderr], [0, ''], stdout)
    for (const name of ['smoke', 'concurrent-workers', 'idempotency-race', 'refund-race'])
      assert.match(stdout, new RegExp(`^${name} +ok`, 'm'))
    assert.match(stdout, /4 workers drained/)
    assert.match(page, /A caller's idempotency key has one payment\.<td><b class="passed">/)
    assert.match(page, /srcdoc="/)
    assert.doesNotMatch(page.replaceAll(/srcdoc="[^"]*"/g, ''), /(?:src|href)="(?!#)/)
    assert.equal((await system.stack.parts()).filter(({ name }) => name.startsWith('worker')).length, 1)
  }).timeout(TIMEOUT_MS)

  it('fails when the database differs from the acknowledged payment, and when the books do not add up', async () => {
    const superuser = await connect(`postgres://postgres@127.0.0.1:${system.config.ports.postgres}/payments`, 10_000)
    try {
      await superuser.query(`
        create function skim() returns trigger language plpgsql security definer set session_replication_role = replica as $$
        begin
          update payments set amount = amount + 0.01 where id = new.id;
          update accounts set balance = balance + 0.01 where id = new.account_id;
          return null;
        end $$;
        create trigger skim after insert on payments for each row when (new.refund_of is null) execute function skim()`)
      const { code, stdout } = await load({ SCENARIO: 'smoke' })
      assert.equal(code, 1, stdout)
      assert.match(stdout, /^smoke +FAILED/m)
      assert.match(stdout, /payments stored differently than sent or acknowledged: 1/)
      assert.match(stdout, /broken invariant: .*running-balances-add-up/)
      assert.match(stdout, /threshold crossed: audit_passed rate==1, measured 0/)
    }
    finally {
      await superuser.end()
    }
  }).timeout(TIMEOUT_MS)

  slowIt('fails when a part leaks memory, and names the part', async () => {
    const leaking = await TemporaryStack.create({ PAYMENTS_NODE_OPTIONS: `--import=${join(import.meta.dirname, 'support/leak.ts')}` })
    try {
      await leaking.verb('up')
      const { code, stdout, stderr } = await load({ SCENARIO: 'soak', DURATION: '10s' }, leaking)
      assert.deepEqual([code, stderr], [1, ''], stdout)
      assert.match(stdout, /threshold crossed: memory_growth_percent/)
      const growth = (part: string) => Number(new RegExp(`${part} .* \\(([+-][\\d.]+) % over`).exec(stdout)?.[1])
      assert.ok(growth('worker-1') > 10 && growth('api') < 5 && growth('ui') < 5, stdout)
    }
    finally {
      await leaking.remove()
    }
  }).timeout(TIMEOUT_MS)

  it('reports an unhealthy system in one line, and sends nothing', async () => {
    system.stack.pause('worker-1')
    try {
      const { code, stdout, stderr } = await load({ SCENARIO: 'smoke' })
      assert.deepEqual([code, stdout], [1, ''])
      assert.match(stderr, /^The running system is unhealthy: worker-1 is paused, its health: .*\. See `make status`\.\n$/)
    }
    finally {
      system.stack.resume('worker-1')
    }
  }).timeout(TIMEOUT_MS)
})
