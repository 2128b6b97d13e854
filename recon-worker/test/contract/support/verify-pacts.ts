import type { VerifierOptions } from '@pact-foundation/pact'
import { Verifier } from '@pact-foundation/pact'
import { explainMismatches } from './explain-mismatches.ts'
import { PACTS_DIR, readPacts } from './read-pacts.ts'

const { PACT_BROKER_BASE_URL } = process.env
/** Until the verifier gives up waiting for an answer: generous, for busy machines. Its own default is 5 s. */
const REQUEST_TIMEOUT_MS = 60_000

/** Brings a state about, with the facts that the pact asks for, and answers those that it is told to ask with. */
export type SetUp = (facts: Record<string, unknown>) => Promise<Record<string, string> | void>
export type State = SetUp | { setup: SetUp, teardown: () => Promise<void> }

export interface Provider {
  name: string
  /** Where it answers HTTP, if it does. */
  url?: string
  /** The states that interactions start from. */
  states: Record<string, State>
  /** How to make it send each message, by the message's description. */
  messages: Record<string, () => Promise<object>>
}

/** What the verifier says of one interaction. */
export interface InteractionResult {
  consumer: string
  description: string
  result: string
  mismatch?: { mismatches?: Mismatch[], message?: string }
}
export interface Mismatch { type: string, mismatch: string, path?: string, key?: string }

/**
 * Verifies every interaction of every pact that names this provider, HTTP and messages in one run, and prints how many
 * each consumer has.
 * @throws {Error} that names each broken field and who reads it; or why there is nothing to verify
 */
export async function verifyPacts({ name, url, states, messages }: Provider): Promise<void> {
  const pacts = await readPacts(name)
  for (const { file, interactions } of pacts) {
    for (const { type, description, providerStates = [] } of interactions) {
      const unknown = providerStates.find(state => !Object.hasOwn(states, state.name))
      if (unknown)
        throw new Error(`${file}: "${description}" starts from the state "${unknown.name}", which ${name} does not know. It knows: ${Object.keys(states).join('; ')}`)
      if (type === 'Synchronous/HTTP' ? !url : !Object.hasOwn(messages, description))
        throw new Error(`${file}: "${description}" is nothing that ${name} knows how to send. It knows: ${Object.keys(messages).join('; ')}`)
    }
  }

  const failed: string[] = []
  const unsent = new Set<string>()
  const results = await new Verifier({
    provider: name,
    ...(url && { providerBaseUrl: url }),
    stateHandlers: stateHandlers(states, failed),
    // One that cannot be sent would look to be sent without its fields.
    messageProviders: Object.fromEntries(Object.entries(messages).map(([description, send]) => [description, () => send().catch((error: Error) => {
      unsent.add(description)
      failed.push(`"${description}" was not sent: ${error.message}`)
      throw error
    })])),
    ...(PACT_BROKER_BASE_URL
      ? broker(PACT_BROKER_BASE_URL)
      : { pactUrls: pacts.map(({ file }) => `${PACTS_DIR}/${file}`) }),
    timeout: REQUEST_TIMEOUT_MS,
    logLevel: 'error',
  }).verifyProvider().catch((error: Error) => error.message)
  if (!results.startsWith('{'))
    throw new Error(`the verifier could not run: ${results}`)

  const { interactionResults } = JSON.parse(results) as { interactionResults: InteractionResult[] }
  let kept = 0
  for (const { consumer, interactions } of pacts) {
    const ok = interactionResults.filter(each => each.consumer === consumer && each.result === 'OK').length
    console.log(`${consumer} -> ${name}: ${ok} of ${interactions.length} interactions verified`)
    kept += ok
  }
  const broken = [...failed, ...explainMismatches(interactionResults.filter(({ description }) => !unsent.has(description)))]
  if (broken.length > 0)
    throw new Error(`${name} breaks its promises:\n${broken.join('\n')}`)
  // Never green over nothing: what the pacts hold must be what was verified.
  if (kept !== pacts.reduce((sum, { interactions }) => sum + interactions.length, 0))
    throw new Error(`only ${kept} interactions of the pacts were verified`)
}

/** Verifies the pacts that a broker has for this branch, and tells it what came of that. Its login is in the environment too. */
function broker(url: string): Partial<VerifierOptions> {
  return {
    pactBrokerUrl: url,
    consumerVersionSelectors: [{ matchingBranch: true }, { mainBranch: true }, { deployedOrReleased: true }],
    publishVerificationResult: true,
    providerVersion: process.env.PACT_PROVIDER_VERSION,
    providerVersionBranch: process.env.PACT_BRANCH,
    failIfNoPactsFound: true,
  }
}

/** A state that cannot be set is only logged by the verifier, and its interaction blamed: so it is noted here. */
function stateHandlers(states: Record<string, State>, failed: string[]): VerifierOptions['stateHandlers'] {
  return Object.fromEntries(Object.entries(states).map(([name, state]) => {
    const { setup, teardown } = typeof state === 'function' ? { setup: state, teardown: undefined } : state
    return [name, {
      setup: facts => setup(facts as Record<string, unknown>).catch((error: Error) => {
        failed.push(`the state "${name}" could not be set: ${error.message}`)
      }),
      ...(teardown && { teardown }),
    }]
  }))
}
