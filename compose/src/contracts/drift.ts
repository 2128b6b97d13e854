import type { Step } from './step.ts'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RECORDED } from './record.ts'

/** Compares the committed contracts with those that the services generate. */
export function drift(committed: string, recorded: string): Step {
  const problems = RECORDED.flatMap(({ service, script, file }) => {
    const fix = `Run \`make contracts-record\`, or \`npm run ${script}\` in ${service}.`
    if (!existsSync(join(recorded, file)))
      return [] // its recorder has failed and reported why
    if (!existsSync(join(committed, file)))
      return [`contracts/${file} is missing. ${fix}`]
    const [is, shouldBe] = [committed, recorded].map(folder => readFileSync(join(folder, file), 'utf8').split('\n'))
    const line = is!.findIndex((text, i) => text !== shouldBe![i])
    return line < 0 && is!.length === shouldBe!.length
      ? []
      : [`contracts/${file} differs from what ${service} generates, from line ${(line < 0 ? is!.length : line) + 1} on: it was edited by hand, or is older than the code. ${fix}`]
  })
  const unknown = (existsSync(join(committed, 'pacts')) ? readdirSync(join(committed, 'pacts')) : [])
    .filter(file => !RECORDED.some(each => each.file === `pacts/${file}`))
    .map(file => `No service records contracts/pacts/${file}. Remove it, or add its recorder to compose/src/contracts/record.ts.`)
  return { name: 'the committed contracts match the code', problems: [...problems, ...unknown], output: '' }
}
