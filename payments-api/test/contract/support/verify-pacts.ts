import type { VerifierOptions } from '@pact-foundation/pact'
import { Verifier } from '@pact-foundation/pact'
import { explainMismatches } from './explain-mismatches.ts'
import { PACTS_DIR, readPacts } from './read-pacts.ts'

const { PACT_BROKER_BASE_URL } = process.env
/** How long the verifier waits for a response. Its default of 5 s is too short on a busy machine. */
const REQUEST_TIMEOUT_MS = 60_000

/** Sets up a state from the facts in the pact. Returns the facts that the request then uses, if any. */
export type SetUp = (facts: Record<string, unknown>) => Promise<Record<string, string> | void>
export type State = SetUp | { setup: SetUp, teardown: () => Promise<void> }

export interface Provider {
  name: string
  /** The base URL of its HTTP API, if it has one. */
  url?: string
  /** How to set up each state that an interaction starts from, by name. */
  states: Record<string, State>
  /** How to make the provider send each message, by the message's description. */
  messages: Record<string, () => Promise<object>>
}

/** The verifier's result for one interaction. */
export interface InteractionResult {
  consumer: string
  description: string
  result: string
  mismatch?: { mismatches?: Mismatch[], message?: string }
}
export interface Mismatch { type: string, mismatch: string, path?: string, key?: string }

/**
 * Verifies every interaction of every pact that names this provider, HTTP and messages in one run. Prints the number of verified
 * interactions per consumer.
 * @throws {Error} that names each broken field and the consumer that reads it, or says why there is nothing to verify
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
    // Without this note, the verifier would report an unsent message as one whose fields are missing.
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
  // A run that skipped an interaction must not pass.
  if (kept !== pacts.reduce((sum, { interactions }) => sum + interactions.length, 0))
    throw new Error(`only ${kept} interactions of the pacts were verified`)
}

/** Options to verify the pacts that a broker holds for this branch, and to publish the results. The verifier reads the login from the environment. */
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

/** Records each failed state set-up: the verifier only logs it, and blames the interaction instead. */
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
