import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { repoRoot } from '../config.ts'
import { endOnAbort } from '../machine/processes.ts'

const TIMEOUT_MS = 5 * 60_000
/** Lines shown of a command that failed without naming what is broken. */
const MAX_LINES = 15

/** One check of the contracts. */
export interface Step {
  name: string
  /** One line per problem; empty if the check passed. */
  problems: string[]
  /** Everything that the check printed. */
  output: string
}

/** Prints a step's verdict and its problems. Returns whether the step passed. */
export function printStep({ name, problems }: Step): boolean {
  console.log(`${problems.length > 0 ? 'FAILED' : 'ok    '}  ${name}`)
  problems.forEach(problem => console.log(`        ${problem}`))
  return problems.length === 0
}

/** Runs an npm script of a service, with CONTRACTS_DIR set to this folder. */
export async function runScript(service: string, script: string, contracts: string): Promise<Step> {
  const child = spawn('npm', ['run', '--silent', script], {
    cwd: join(repoRoot, service),
    env: { ...process.env, CONTRACTS_DIR: contracts, FORCE_COLOR: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const deadline = AbortSignal.timeout(TIMEOUT_MS)
  endOnAbort(child, deadline)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => output += text)
  const [code, signal] = await once(child, 'close') as [number | null, NodeJS.Signals | null]
  output = stripVTControlCharacters(output)
  const failed = code === 0 ? [] : reasons(output)
  return {
    name: `${service}: npm run ${script}`,
    output,
    problems: code === 0 || failed.length > 0 ? failed : [deadline.aborted ? `not finished after ${TIMEOUT_MS / 60_000} minutes` : signal ? `killed by ${signal}` : `exit code ${code}, without output`],
  }
}

/** The lines of a failed command's output that say what is wrong: the verifier's list, the compiler's errors, or the text after mocha's count of failures. */
function reasons(output: string): string[] {
  const lines = output.split('\n').map(line => line.trim()).filter(line => line !== '')
  const promises = lines.findIndex(line => line.endsWith('breaks its promises:'))
  if (promises >= 0)
    return lines.slice(promises + 1, lines.findIndex((line, i) => i > promises && line.startsWith('at ')))
  // The compiler names the field on a separate line, below the types that do not match.
  const typeErrors = lines.filter(line => line.includes('error TS') || line.startsWith('Property \''))
  if (typeErrors.length > 0)
    return typeErrors
  const failing = lines.findIndex(line => /^\d+ failing$/.test(line))
  return lines.slice(failing + 1).filter(line => !line.startsWith('at ')).slice(failing < 0 ? -MAX_LINES : 0, failing < 0 ? undefined : MAX_LINES)
}
