import { mkdtempSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pact } from '@pact-foundation/pact'

const CONSUMER = 'payments-api'
const PROVIDER = 'recon-worker'
/** Where the pact is kept: the contracts are found beside this service, or through CONTRACTS_DIR. */
const PACTS_DIR = join(process.env.CONTRACTS_DIR ?? join(import.meta.dirname, '../../../../contracts'), 'pacts')
const FILE = `${CONSUMER}-${PROVIDER}.json`

const recorded = mkdtempSync(join(tmpdir(), 'payments-pact-'))

/** What this API expects of the worker. */
export const pact = new Pact({ consumer: CONSUMER, provider: PROVIDER, dir: recorded, logLevel: 'warn' })

/** Mocha's: the pact is kept when every expectation was recorded, and only then. */
export const mochaHooks = {
  async afterAll(this: Mocha.Context): Promise<void> {
    let complete = true
    // A hook that fails leaves its tests without a state.
    this.test!.parent!.eachTest(({ state }) => complete &&= state === 'passed')
    if (complete)
      await keepPact()
    await rm(recorded, { recursive: true })
  },
}

interface PactFile {
  interactions: { type: string, description: string }[]
  metadata: Record<string, unknown>
}

/** Writes the pact so that the same expectations always make the same file: sorted, and silent about the tools' versions. */
async function keepPact(): Promise<void> {
  const { interactions, metadata, ...parties } = JSON.parse(await readFile(join(recorded, FILE), 'utf8')) as PactFile
  const key = ({ type, description }: PactFile['interactions'][number]): string => `${type} ${description}`
  await mkdir(PACTS_DIR, { recursive: true })
  await writeFile(join(PACTS_DIR, FILE), `${JSON.stringify({
    ...parties,
    interactions: interactions.sort((a, b) => key(a) < key(b) ? -1 : 1),
    metadata: { pactSpecification: metadata.pactSpecification },
  }, undefined, 2)}\n`)
}
