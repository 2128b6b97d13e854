import { mkdtempSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { Pact } from '@pact-foundation/pact'

/** The contracts are in the folder next to this service, or where CONTRACTS_DIR says. */
const PACTS_DIR = join(process.env.CONTRACTS_DIR ?? join(import.meta.dirname, '../../../../contracts'), 'pacts')

export interface PactRecording {
  /** Records what the consumer expects of the provider. */
  pact: Pact
  /** For mocha: writes the pact file once every test has passed. A failed run leaves the committed pact as it was. */
  mochaHooks: { afterAll: (this: Mocha.Context) => Promise<void> }
}

/** Records the pact between a consumer and a provider into the contracts: `pacts/<consumer>-<provider>.json`. */
export function recordPact(consumer: string, provider: string): PactRecording {
  const file = `${consumer}-${provider}.json`
  const recordedDir = mkdtempSync(join(tmpdir(), 'payments-pact-'))
  return {
    pact: new Pact({ consumer, provider, dir: recordedDir, logLevel: 'warn' }),
    mochaHooks: {
      async afterAll() {
        let allPassed = true
        // When a hook fails, mocha leaves its tests without a state.
        this.test!.parent!.eachTest(({ state }) => allPassed &&= state === 'passed')
        if (allPassed)
          await writePact(join(recordedDir, file), join(PACTS_DIR, file))
        await rm(recordedDir, { recursive: true })
      },
    },
  }
}

interface PactFile {
  interactions: { type: string, description: string }[]
  metadata: Record<string, unknown>
}

/** Writes the same file for the same expectations: interactions are sorted, and the versions of Pact's tools are left out. */
async function writePact(from: string, to: string): Promise<void> {
  const { interactions, metadata, ...parties } = JSON.parse(await readFile(from, 'utf8')) as PactFile
  const key = ({ type, description }: PactFile['interactions'][number]): string => `${type} ${description}`
  await mkdir(PACTS_DIR, { recursive: true })
  await writeFile(to, `${JSON.stringify({
    ...parties,
    interactions: interactions.sort((a, b) => key(a) < key(b) ? -1 : 1),
    metadata: { pactSpecification: metadata.pactSpecification },
  }, undefined, 2)}\n`)
}
