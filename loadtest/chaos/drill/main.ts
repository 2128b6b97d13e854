// `make chaos-drill`: proves that `make chaos` notices. Applies each mutation to a copy of this tree and runs `make chaos` there: it
// must be red within a stated number of rounds, and name what is wrong. Without a mutation it must stay green.
import type { CopyRun } from './run-copy.ts'
import { styleText } from 'node:util'
import { count } from '../../../compose/src/count.ts'
import { Refusal } from '../../../compose/src/refusal.ts'
import { abortOnSignals, duration, runVerb } from '../../../compose/src/verb.ts'
import { MUTATIONS } from './mutations.ts'
import { runCopy } from './run-copy.ts'

/** Every fault of the mutations, and enough rounds to draw each. */
const CONTROL = { fault: [...new Set(MUTATIONS.map(({ fault }) => fault))].join(), seed: 1, rounds: 10 }

await runVerb(async () => {
  const begin = Date.now()
  const only = process.env.ONLY
  const mutations = MUTATIONS.filter(({ change, fault, named }) => !only || [change, fault, named].some(text => text.includes(only)))
  if (mutations.length === 0)
    throw new Refusal(`ONLY=${only} matches no mutation. loadtest/chaos/drill/mutations.ts lists them.`)
  const interrupted = abortOnSignals(() => console.log('\nInterrupted: stopping the copy\'s system.')).signal
  let wrong = 0
  for (const { change, edits, named, ...settings } of mutations) {
    const begin = Date.now()
    const run = await runCopy(edits, settings, interrupted)
    if (interrupted.aborted)
      return 1
    const red = run.rounds.find(({ verdict }) => verdict === 'red')
    const finding = [...red?.findings ?? []].find(line => line.includes(named))?.trim()
    const verdict = red ? `red in round ${red.round} of at most ${settings.rounds}` : 'not red'
    wrong += finding === undefined ? 1 : 0
    console.log(`${mark(finding !== undefined)}  ${change}\n        ${settings.fault}: ${verdict}, after ${duration(Date.now() - begin)}${finding === undefined ? '' : `\n        ${cut(finding)}`}`)
    if (finding === undefined)
      console.log(`        expected: "${named}"\n${quoted(run)}`)
  }

  const control = await runCopy([], CONTROL, interrupted)
  if (interrupted.aborted)
    return 1
  const isGreen = control.rounds.length === CONTROL.rounds && control.findings.length === 0 && control.rounds.every(({ verdict }) => verdict !== 'red')
  wrong += isGreen ? 0 : 1
  console.log(`${mark(isGreen)}  Without a mutation\n        ${CONTROL.fault}: ${isGreen ? `green in ${CONTROL.rounds} rounds` : `not green\n${quoted(control)}`}`)
  console.log(`\n${wrong === 0 ? 'Each mutation was named, and without one all is green,' : `Wrong verdict for ${count(wrong, 'run')}`} after ${duration(Date.now() - begin)}.`)
  return wrong === 0 ? 0 : 1
})

function mark(isRight: boolean): string {
  return isRight ? styleText('green', 'ok    ') : styleText('red', 'FAILED')
}

function cut(line: string): string {
  return line.length > 160 ? `${line.slice(0, 159)}…` : line
}

function quoted({ output }: CopyRun): string {
  return output.replaceAll(/^(?=.)/gm, '  | ')
}
