import assert from 'node:assert/strict'
import { slowIt } from '../../../compose/test/support/slow.ts'
import { until } from '../../../compose/test/support/until.ts'
import { asAdmin } from '../../faults/as-admin.ts'
import { deadlock, exhaustConnections, fillDisk } from '../../faults/contention.ts'
import { cancelBackends, changeColumnType, createIndex, holdSnapshot, lockTable, readOnly, reindex, revokeGrant, terminateBackends, vacuumFull } from '../../faults/database.ts'
import { settle, startChaosSystem, withstand } from '../support/withstand.ts'

const FAULT_TIMEOUT_MS = 180_000

describe('faults of the database', function () {
  this.timeout(FAULT_TIMEOUT_MS)
  const system = startChaosSystem()

  const query = async (sql: string, values: unknown[] = []) => asAdmin(system(), async admin => (await admin.query<{ found: unknown }>(sql, values)).rows[0]?.found)
  const apiRefuses = () => assert.rejects(settle(system(), 3_000), /no API accepted/)
  const nothingSettles = () => assert.rejects(settle(system(), 3_000), /no API accepted|did not settle/)

  it('read-only: no API accepts', () => withstand(system(), readOnly, apiRefuses))

  it('terminate-backends: sessions end', () => withstand(system(), terminateBackends, async () => {
    const sessions = async () => await query(`select array_agg(pid order by pid) as found from pg_stat_activity where usename like 'payments_%'`)
    const before = String(await sessions())
    await until('a session has ended', async () => String(await sessions()) !== before)
    await settle(system())
  }))

  it('cancel-backends: payments settle', () => withstand(system(), cancelBackends, () => settle(system())))

  for (const targets of [['select on recon_jobs % payments_worker'], ['execute on function open_accounts_of(uuid[]) % payments_api']]) {
    it(`revoke-grant: nothing settles without ${targets[0]!.replace('%', 'for')}`, async () => {
      const acl = `select array[(select relacl::text from pg_class where relname = 'recon_jobs'), (select proacl::text from pg_proc where proname = 'open_accounts_of')]::text as found`
      const before = await query(acl)
      await withstand(system(), { ...revokeGrant, targets: async () => targets }, async () => {
        assert.notEqual(await query(acl), before)
        await (targets[0]!.endsWith('worker') ? nothingSettles() : Promise.resolve())
      })
      assert.equal(String(await query(acl)).length, String(before).length)
    })
  }

  it('change-column-type: the type differs, and payments settle', async () => {
    const type = `select data_type as found from information_schema.columns where table_name = 'recon_jobs' and column_name = 'attempts'`
    await withstand(system(), changeColumnType, async () => {
      assert.equal(await query(type), 'integer')
      await settle(system())
    })
    assert.equal(await query(type), 'smallint')
  })

  for (const table of ['payments', 'recon_jobs', 'accounts'])
    it(`lock-table: nothing settles while ${table} is locked`, () => withstand(system(), { ...lockTable, targets: async () => [table] }, nothingSettles))

  for (const fault of [vacuumFull, reindex, createIndex]) {
    it(`${fault.name}: the table is rewritten or indexed meanwhile, and payments settle`, () => withstand(system(), fault, async ([table]) => {
      const files = async () => String(await query(`select string_agg(relfilenode::text, ' ' order by oid) as found from pg_class where oid = $1::regclass or oid in (select indexrelid from pg_index where indrelid = $1::regclass)`, [table]))
      const before = await files()
      await until('the files differ', async () => await files() !== before)
      await settle(system())
    }))
  }

  it('exhaust-connections: nobody else can connect', () => withstand(system(), exhaustConnections, async () => {
    await assert.rejects(asReader(), /too many clients|remaining connection slots are reserved/)
    const limit = await query(`select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as found`)
    assert.ok(await query(`select count(*)::int as found from pg_stat_activity where backend_type = 'client backend'`) as number >= (limit as number))
  }))

  for (const victim of ['a worker', 'an API']) {
    it(`deadlock: Postgres ends the transaction of ${victim}`, async () => {
      const deadlocks = async () => Number(await query(`select deadlocks as found from pg_stat_database where datname = 'payments'`))
      const before = await deadlocks()
      await withstand(system(), { ...deadlock, targets: async () => [victim] }, () => until('a deadlock', async () => {
        await settle(system())
        return await deadlocks() > before
      }, 60_000))
    })
  }

  it('fill-disk: what makes a file longer fails, and nothing else', () => withstand(system(), fillDisk, async () => {
    await assert.rejects(query(`create table chaos_large as select repeat(md5(n::text), 100) from generate_series(1, 100000) n`), /No space left on device/)
  }))

  slowIt('fill-disk: Postgres recovers from a WAL that could not grow', () => withstand(system(), fillDisk, async () => {
    await query(`select sum(length(pg_logical_emit_message(false, 'chaos', repeat('x', 1000000))::text)) as found from generate_series(1, 200)`).catch(() => {})
    await settle(system(), 2_000).catch(() => {})
  }))

  it('hold-snapshot: the snapshot holds back vacuum, and payments settle', () => withstand(system(), holdSnapshot, async () => {
    await settle(system())
    assert.equal(await query(`select count(*)::int as found from pg_stat_activity where usename = 'postgres' and backend_xmin is not null and state = 'idle in transaction'`), 1)
  }))

  async function asReader(): Promise<void> {
    const { default: pg } = await import('pg')
    const client = new pg.Client(system().stack.endpoints().databaseUrl)
    client.on('error', () => {})
    await client.connect()
    await client.end()
  }
})
