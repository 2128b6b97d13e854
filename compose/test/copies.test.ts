import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../src/config.ts'

/**
 * `make split` turns each service into a separate repository, so services share no code: each holds a copy. These copies must
 * stay byte-identical, or a fix in one service never reaches the other.
 */
const COPIES: { file: string, services: [string, string, ...string[]] }[] = [
  { file: 'node24', services: ['payments-api', 'recon-worker', 'payments-ui'] },
  { file: 'src/sql/prepared-statements.ts', services: ['payments-api', 'recon-worker'] },
  { file: 'test/contract/support/record-pact.ts', services: ['payments-api', 'recon-worker', 'payments-ui'] },
  { file: 'test/contract/support/read-pacts.ts', services: ['payments-api', 'recon-worker'] },
  { file: 'test/contract/support/verify-pacts.ts', services: ['payments-api', 'recon-worker'] },
  { file: 'test/contract/support/explain-mismatches.ts', services: ['payments-api', 'recon-worker'] },
  { file: 'test/contract/.mocharc.json', services: ['payments-api', 'recon-worker'] },
  { file: 'test/support/hostile-settings.ts', services: ['payments-api', 'recon-worker'] },
  { file: 'test/simulation/.mocharc.json', services: ['payments-api', 'recon-worker'] },
  { file: 'test/simulation/support/light-knex.ts', services: ['payments-api', 'recon-worker'] },
  { file: 'test/simulation/support/light-pool.ts', services: ['payments-api', 'recon-worker'] },
  { file: 'test/simulation/support/mutate.ts', services: ['payments-api', 'recon-worker'] },
  { file: 'test/simulation/support/rows.ts', services: ['payments-api', 'recon-worker'] },
  { file: 'test/simulation/support/run-schedules.ts', services: ['payments-api', 'recon-worker'] },
  { file: 'test/simulation/support/server-session.ts', services: ['payments-api', 'recon-worker'] },
  { file: 'test/simulation/support/simulated-connection.ts', services: ['payments-api', 'recon-worker'] },
  { file: 'test/simulation/support/simulated-postgres.ts', services: ['payments-api', 'recon-worker'] },
  { file: 'test/simulation/support/virtual-clock.ts', services: ['payments-api', 'recon-worker'] },
  { file: '.mocharc.json', services: ['payments-api', 'recon-worker'] },
]

describe('the copies of a file in the services', () => {
  for (const { file, services: [first, ...others] } of COPIES) {
    for (const other of others) {
      it(`are identical: ${file} in ${first} and ${other}`, () => {
        const [one, two] = [join(first, file), join(other, file)]
        const mend = `run: cp ${one} ${two} (to keep the change in ${two} instead: cp ${two} ${one})`
        for (const path of [one, two])
          assert.ok(existsSync(join(repoRoot, path)), `${path} is missing, but compose/test/copies.test.ts lists it; ${mend}`)
        const identical = readFileSync(join(repoRoot, one)).equals(readFileSync(join(repoRoot, two)))
        assert.ok(identical, `${one} and ${two} differ; ${mend}`)
      })
    }
  }
})
