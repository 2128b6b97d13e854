import type { StackFile } from './stack-file.ts'
import type { Swarm } from './swarm-node.ts'
import { createHash } from 'node:crypto'

const DIGITS = 12

/**
 * Gives each image a second tag, by what is in it, and the services that one. The tags of compose.yaml move with each build;
 * what a swarm restarts or rolls back to must be what it was. An image that is built anew without a change keeps its tag,
 * and its service is left alone.
 */
export async function nameByContent(swarm: Swarm, { services }: StackFile): Promise<void> {
  const tags = new Map<string, string>()
  for (const { image } of Object.values(services)) {
    if (tags.has(image))
      continue
    const content = await swarm.look(['image', 'inspect', '--format', '{{json .RootFS.Layers}}{{json .Config}}', image])
    const tag = `${image}-${createHash('sha256').update(content).digest('hex').slice(0, DIGITS)}`
    await swarm.look(['image', 'tag', image, tag])
    tags.set(image, tag)
  }
  for (const service of Object.values(services))
    service.image = tags.get(service.image)!
}
