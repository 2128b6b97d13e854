// `make images`: builds the five images for this machine, labelled with this commit. With PUSH=1 it builds them for amd64 and
// arm64, pushes them to the registry in IMAGES, and prints a Markdown table of their digests. Progress goes to stderr.
import { checkEngine } from '../docker/engine.ts'
import { buildImages, publishImages } from '../docker/images.ts'
import { Refusal } from '../refusal.ts'
import { abortOnSignals, duration, runVerb } from '../verb.ts'

await runVerb(async (config) => {
  const { problem, remedy } = checkEngine(config.dockerEnv)
  if (problem !== null)
    throw new Refusal(`${problem}. ${remedy}`)
  const interrupted = abortOnSignals()
  const how = { signal: interrupted.signal, onLine: (line: string) => console.error(line) }

  const begin = Date.now()
  if (config.push) {
    const images = await publishImages(config, how)
    console.log(['| image | digest |', '|---|---|', ...images.map(({ name, digest }) => `| \`${name}\` | \`${digest}\` |`)].join('\n'))
  }
  else {
    const images = await buildImages(config, how)
    console.log(images.map(({ name }) => name).join('\n'))
  }
  console.error(`${config.push ? 'Pushed' : 'Built'} after ${duration(Date.now() - begin)}.`)
  return 0
})
