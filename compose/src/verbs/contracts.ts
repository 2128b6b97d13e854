// `make contracts`: regenerates every contract from the code, compares it with the committed one, verifies both sides, and
// prints which service depends on which. A failure names each broken field and the services that read it.
import type { Step } from '../contracts/step.ts'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repoRoot } from '../config.ts'
import { findBase } from '../contracts/base.ts'
import { comparePacts, compareWithBase, lintOpenApi } from '../contracts/check-openapi.ts'
import { checkUpgrade } from '../contracts/check-upgrade.ts'
import { drift } from '../contracts/drift.ts'
import { printMatrix } from '../contracts/matrix.ts'
import { record } from '../contracts/record.ts'
import { printStep, runScript } from '../contracts/step.ts'
import { duration, runVerb } from '../verb.ts'

const committed = join(repoRoot, 'contracts')

await runVerb(async () => {
  const begin = Date.now()
  const base = await findBase()
  const recorded = mkdtempSync(join(tmpdir(), 'payments-contracts-'))
  const steps: Step[] = []
  const finish = (...done: Step[]): boolean => {
    steps.push(...done)
    return done.map(printStep).every(isRight => isRight)
  }

  try {
    cpSync(committed, recorded, { recursive: true, filter: source => !source.endsWith('.json') })
    const made = finish(...await record(recorded))
    finish(drift(committed, recorded))
    // Use the committed version of each contract that could not be regenerated, so that one run reports every problem.
    if (!made)
      cpSync(committed, recorded, { recursive: true, force: false, errorOnExist: false })
    const [api, worker, ...others] = await Promise.all([
      runScript('payments-api', 'verify', recorded),
      runScript('recon-worker', 'verify', recorded),
      lintOpenApi(recorded),
      comparePacts(recorded),
      compareWithBase(recorded, base),
      checkUpgrade(base),
    ])
    finish(api, worker, ...others)
    printMatrix(recorded, [api, worker])
  }
  finally {
    rmSync(recorded, { recursive: true })
  }
  const failed = steps.filter(({ problems }) => problems.length > 0).length
  console.log(`\n${failed === 0 ? `The contracts hold: ${steps.length} checks passed` : `The contracts are broken: ${failed} of ${steps.length} checks failed`} after ${duration(Date.now() - begin)}.`)
  return failed === 0 ? 0 : 1
})
