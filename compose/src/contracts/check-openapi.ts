import type { Base } from './base.ts'
import type { Json } from './breaking-changes.ts'
import type { Step } from './step.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Comparator } from '@pactflow/openapi-pact-comparator'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { fileAt } from './base.ts'
import { breakingChanges } from './breaking-changes.ts'
import { RECORDED } from './record.ts'

/** Rules of Redocly's recommended set that do not apply to this API. */
const RULES = {
  'security-defined': 'off', // no authentication yet
  'operation-4xx-response': 'off', // /health takes no input, so it has no client errors
} as const

const document = (contracts: string): string => readFileSync(join(contracts, 'openapi.json'), 'utf8')

export async function lintOpenApi(contracts: string): Promise<Step> {
  const found = await lintFromString({
    source: document(contracts),
    absoluteRef: '/openapi.json',
    config: await createConfig({ extends: ['recommended'], rules: RULES }),
  })
  return {
    name: 'openapi.json passes the linter',
    problems: found.map(({ ruleId, message, location }) => `${ruleId}: ${message} (${location[0]?.pointer})`),
    output: '',
  }
}

interface PactFile { provider: { name: string }, interactions: { type: string, description: string, response: { status: number } }[] }

/** Checks that openapi.json describes every HTTP interaction of the pacts with the API. */
export async function comparePacts(contracts: string): Promise<Step> {
  const comparator = new Comparator({ oas: JSON.parse(document(contracts)) })
  const problems = new Set<string>()
  let compared = 0
  for (const { file } of RECORDED.filter(({ file }) => file.endsWith('-payments-api.json'))) {
    const pact = JSON.parse(readFileSync(join(contracts, file), 'utf8')) as PactFile
    const interactions = pact.interactions.filter(({ type }) => type === 'Synchronous/HTTP')
    compared += interactions.length
    for await (const { code, message, mockDetails } of comparator.compare({ ...pact, interactions })) {
      const interaction = interactions.find(({ description }) => description === mockDetails?.interactionDescription)
      // Interactions that expect a 400 send an invalid request on purpose.
      if (!(code.startsWith('request.') && interaction?.response.status === 400))
        problems.add(`${file}: "${interaction?.description}": ${message}`)
    }
  }
  if (compared === 0)
    problems.add('No pact has an HTTP interaction with payments-api, so nothing was compared.')
  return { name: `openapi.json describes every HTTP interaction of the pacts (${compared})`, problems: [...problems], output: '' }
}

/** Checks that this API still serves clients of the base's API. A new major version in info.version may break them. */
export async function compareWithBase(contracts: string, base: Base | undefined): Promise<Step> {
  const name = `the API still serves clients of ${base?.name ?? 'the base'}`
  const was = base && await fileAt(base, 'contracts/openapi.json')
  if (!base)
    return { name: 'NOT COMPARED with an older API: this is not a git clone', problems: [], output: '' }
  if (!was)
    return { name, problems: [`${base.name} (${base.commit.slice(0, 8)}) has no contracts/openapi.json, so nothing was compared. Set CONTRACTS_BASE to a commit that has one.`], output: '' }
  const [before, after] = [JSON.parse(was), JSON.parse(document(contracts))] as [Json, Json]
  const [oldMajor, newMajor] = [before, after].map(({ info }) => Number.parseInt((info as { version: string }).version))
  return newMajor! > oldMajor!
    ? { name: `NOT COMPARED with ${base.name}: the new major version, ${oldMajor} to ${newMajor}, may break its clients`, problems: [], output: '' }
    : { name, problems: breakingChanges(before, after), output: '' }
}
