import type { StackFile } from './stack-file.ts'
import type { Swarm } from './swarm-node.ts'
import { createHash } from 'node:crypto'

const DIGITS = 12

/**
 * Tags each image with a hash of its content, and points the services at that tag. The tags in compose.yaml move with each
 * build, but a swarm must restart or roll back to exactly the image it ran. A rebuild without a change keeps the tag, so
 * the swarm leaves that service alone.
 */
export async function nameByContent(swarm: Swarm, { services }: StackFile): Promise<void> {
  const tags = new Map<string, string>()
  for (const { image } of Object.values(services)) {
    if (tags.has(image))
      continue
    const content = await swarm.run(['image', 'inspect', '--format', '{{json .RootFS.Layers}}{{json .Config}}', image])
    const tag = `${image}-${createHash('sha256').update(content).digest('hex').slice(0, DIGITS)}`
    await swarm.run(['image', 'tag', image, tag])
    tags.set(image, tag)
  }
  for (const service of Object.values(services))
    service.image = tags.get(service.image)!
}
