import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/** The contracts are in the folder next to this service, or where CONTRACTS_DIR says. */
export const PACTS_DIR = join(process.env.CONTRACTS_DIR ?? join(import.meta.dirname, '../../../../contracts'), 'pacts')

const Pact = z.object({
  consumer: z.object({ name: z.string() }),
  provider: z.object({ name: z.string() }),
  interactions: z.array(z.object({
    type: z.string(),
    description: z.string(),
    providerStates: z.array(z.object({ name: z.string() })).optional(),
  })).min(1, 'there is none'),
})

export interface PactFile { file: string, consumer: string, interactions: z.output<typeof Pact>['interactions'] }

/** Returns the pacts that name this provider. Throws if there is none, or if one cannot be read. */
export async function readPacts(provider: string): Promise<PactFile[]> {
  const files = await readdir(PACTS_DIR).catch(() => [])
  const pacts = await Promise.all(files.filter(file => file.endsWith('.json')).sort().map(read))
  const ours = pacts.filter(pact => pact.provider === provider)
  if (ours.length === 0)
    throw new Error(`there is no pact with ${provider} in ${PACTS_DIR}: \`npm run pacts\` in each consumer records it`)
  return ours
}

async function read(file: string): Promise<PactFile & { provider: string }> {
  let json: unknown
  try {
    json = JSON.parse(await readFile(join(PACTS_DIR, file), 'utf8'))
  }
  catch (error) {
    throw new Error(`${file} is not JSON (${(error as Error).message}): \`npm run pacts\` in its consumer records it anew`)
  }
  const pact = Pact.safeParse(json)
  if (!pact.success)
    throw new Error(`${file} is no pact: ${pact.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}; \`npm run pacts\` in its consumer records it anew`)
  return { file, consumer: pact.data.consumer.name, provider: pact.data.provider.name, interactions: pact.data.interactions }
}
