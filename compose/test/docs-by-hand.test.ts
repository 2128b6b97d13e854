import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../src/config.ts'
import { run } from './support/run.ts'
import { skipWithout } from './support/skip-without.ts'
import { TemporaryStack } from './support/temporary-stack.ts'
import { until } from './support/until.ts'

const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

interface Example { command: string, output: string }

/** The commands of the README's section "By hand", each with the output that the README shows under it. */
function readExamples(): Example[] {
  const [, section] = /^## By hand\n([\s\S]*?)^## /m.exec(readFileSync(join(repoRoot, 'README.md'), 'utf8')) ?? []
  assert.ok(section, 'the README has a section "By hand"')
  const blocks = [...section.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({ language, text: text!.trim() }))
  return blocks.flatMap(({ language, text }, i) => {
    if (language !== 'sh')
      return []
    const output = blocks[i + 1]
    assert.ok(output && output.language !== 'sh', `the README shows no output under ${text}`)
    return [{ command: text, output: output.text }]
  })
}

/** The same text for the same output: JSON without its layout, no trailing spaces, times masked, ids numbered as they appear. */
function comparable(output: string, ids: string[]): string {
  const lines = output.replaceAll('\r', '')
  const bodyStart = lines.startsWith('HTTP/') ? lines.indexOf('\n\n') : 0
  const body = lines.slice(bodyStart).trim()
  return `${lines.slice(0, bodyStart)}\n${body.startsWith('{') ? JSON.stringify(JSON.parse(body)) : body}`
    .replaceAll(/[ \t]+$/gm, '')
    .replaceAll(/^Date: .*/gm, 'Date: TIME')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/settlement:USD:\d/g, 'settlement:USD:N')
    .replaceAll(ID, (id) => {
      if (!ids.includes(id))
        ids.push(id)
      return `ID-${ids.indexOf(id) + 1}`
    })
    .trim()
}

describe('the README\'s commands to type by hand', () => {
  const examples = readExamples()
  const shownIds: string[] = []
  const seenIds: string[] = []
  /** The header of the last payment made: it names the payment. */
  let seenLocation = ''
  let stack: TemporaryStack
  before(async () => {
    stack = await TemporaryStack.create()
    const { code, stderr } = await stack.verb('up')
    assert.equal(code, 0, stderr)
  })
  after(() => stack.remove())

  const settled = () => until('every payment has settled', async () => {
    const response = await fetch(`http://127.0.0.1:${stack.config.ports.api}/payments?status=pending`)
    return (await response.json() as { payments: unknown[] }).payments.length === 0
  })

  it('are there', () => assert.ok(examples.length >= 9, `${examples.length} commands`))

  examples.forEach(({ command, output }, i) => {
    it(`${i + 1}: ${command.split(/ \\\n| -h /)[0]} prints what is shown`, async function () {
      skipWithout(command.split(' ')[0]!, this)
      const { postgres, api } = stack.config.ports
      await settled()
      const typed = command
        .replaceAll('localhost:3001', `localhost:${api}`)
        .replaceAll('-p 5432', `-p ${postgres}`)
        .replaceAll('PAYMENT_ID', /\/payments\/(\S+)/.exec(seenLocation)?.[1] ?? 'PAYMENT_ID')
      const { code, stdout, stderr } = await run(stack.parent, stack.env, 'bash', '-c', typed)
      assert.equal(code, 0, stderr)
      seenLocation = /^Location: .*/m.exec(stdout)?.[0] ?? seenLocation
      const printed = stdout.replaceAll(`localhost:${postgres}`, 'localhost:5432')
      assert.equal(comparable(printed, seenIds), comparable(output, shownIds))
    })
  })
})
