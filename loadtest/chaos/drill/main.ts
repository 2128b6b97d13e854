// `make chaos-drill`: proves that `make chaos` notices. Applies each mutation to a copy of this tree and runs `make chaos` there: it
// must be red within a stated number of rounds, and name what is wrong. The last one, which changes nothing, must stay green.
import type { Mutation } from './mutations.ts'
import type { CopyRun } from './run-copy.ts'
import { styleText } from 'node:util'
import { count } from '../../../compose/src/count.ts'
import { Refusal } from '../../../compose/src/refusal.ts'
import { abortOnSignals, duration, runVerb } from '../../../compose/src/verb.ts'
import { MUTATIONS } from './mutations.ts'
import { runCopy } from './run-copy.ts'

/** Of a finding on the terminal. */
const MAX_WIDTH = 150

await runVerb(async () => {
  const begin = Date.now()
  const only = process.env.ONLY
  const mutations = MUTATIONS.filter(({ change }) => !only || change.includes(only))
  if (mutations.length === 0)
    throw new Refusal(`ONLY=${only} matches no mutation. loadtest/chaos/drill/mutations.ts lists them.`)
  const interrupted = abortOnSignals(() => console.log('\nInterrupted: stopping the copy\'s system.')).signal
  let wrong = 0
  for (const mutation of mutations) {
    const begin = Date.now()
    const run = await runCopy(mutation, interrupted)
    if (interrupted.aborted)
      return 1
    const { isRight, text } = judge(mutation, run)
    wrong += isRight ? 0 : 1
    console.log(`${isRight ? styleText('green', 'ok    ') : styleText('red', 'FAILED')}  ${mutation.change}\n${indented(`${text}, after ${duration(Date.now() - begin)}`)}`)
    if (isRight && mutation.named !== undefined)
      console.log(indented(cut(findingOf(mutation, run)!)))
    if (!isRight)
      console.log(`${indented(`expected ${mutation.named === undefined ? 'green' : `red, naming "${mutation.named}"`}`)}\n${run.output.replaceAll(/^(?=.)/gm, '  | ')}`)
  }
  console.log(`\n${wrong === 0 ? 'Every mutation was named, and what is harmless stayed green,' : `Wrong verdict for ${count(wrong, 'mutation')}`} after ${duration(Date.now() - begin)}.`)
  return wrong === 0 ? 0 : 1
})

function judge(mutation: Mutation, run: CopyRun): { isRight: boolean, text: string } {
  const { fault, rounds, named } = mutation
  const red = run.rounds.find(({ verdict }) => verdict === 'red')
  const isRight = named === undefined
    ? !red && run.rounds.length === rounds && run.findings.length === 0
    : findingOf(mutation, run) !== undefined
  const verdict = red ? `red in round ${red.round} of at most ${rounds}` : `green in ${count(run.rounds.length, 'round')}`
  return { isRight, text: `${fault}: ${verdict}` }
}

function findingOf({ named }: Mutation, { rounds }: CopyRun): string | undefined {
  return rounds.flatMap(({ findings }) => findings).find(line => named !== undefined && line.includes(named))?.trim()
}

function indented(text: string): string {
  return `        ${text}`
}

function cut(line: string): string {
  return line.length > MAX_WIDTH ? `${line.slice(0, MAX_WIDTH - 1)}…` : line
}
