import type { Config } from '../config.ts'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { repoRoot } from '../config.ts'
import { git } from '../git.ts'
import { Refusal } from '../refusal.ts'
import { docker, QUICK_TIMEOUT_MS } from './docker.ts'

const folder = join(repoRoot, 'compose')
/** The first build on a machine downloads every base image and dependency. */
const BUILD_TIMEOUT_MS = 20 * 60_000
/** For two platforms, one of them emulated, with an SBOM each. */
const PUBLISH_TIMEOUT_MS = 60 * 60_000
const REGISTRY_TIMEOUT_MS = 60_000
const PLATFORMS = 'linux/amd64,linux/arm64'
const BASE_IMAGES = ['NODE_IMAGE', 'POSTGRES_IMAGE', 'DEBIAN_IMAGE'] as const

const composeConfig = z.object({ services: z.record(z.string(), z.object({ image: z.string(), build: z.unknown().optional() })) })
/** What `docker buildx bake` writes about each target, besides entries about the whole build. */
const bakeMetadata = z.record(z.string(), z.unknown())
const targetMetadata = z.object({ 'containerimage.digest': z.string() })

interface How { signal: AbortSignal, onLine: (line: string) => void }

/** An image that compose.yaml builds, and the service that it is for. */
interface Image { service: string, name: string }
interface PublishedImage extends Image { digest: string }

/** Builds the images of compose.yaml for this machine, labelled with this commit. */
export async function buildImages({ dockerEnv }: Config, { signal, onLine }: How): Promise<Image[]> {
  const env = { ...dockerEnv, ...await origin() }
  await docker(['compose', '--progress', 'plain', 'build'], { cwd: folder, env, timeoutMs: BUILD_TIMEOUT_MS, signal, onLine })
  return ourImages(env)
}

/**
 * Builds the images for every platform and pushes them to the registry in IMAGES, each with an SBOM and its provenance.
 * The base images are resolved to their digests first, so that all platforms and all images start from the same ones, and
 * the provenance names them. Throws a Refusal unless IMAGES and VERSION are set and everything is committed.
 */
export async function publishImages({ dockerEnv, version }: Config, { signal, onLine }: How): Promise<PublishedImage[]> {
  if (!dockerEnv.IMAGES || version === undefined)
    throw new Refusal('PUSH=1 needs a registry and a version: make images PUSH=1 IMAGES=registry.example.com/payments VERSION=1.2.0')
  const labels = await origin()
  if (!/^[0-9a-f]{40}$/.test(labels.REVISION))
    throw new Refusal('Published images belong to a commit. Commit your changes first, in a git clone.')
  const env = { ...dockerEnv, ...labels, ...await resolveBaseImages(dockerEnv, onLine) }
  const images = await ourImages(env)
  const results = mkdtempSync(join(tmpdir(), 'payments-images-'))
  try {
    const file = join(results, 'metadata.json')
    await docker(bakeArguments(images.map(({ service }) => service), file, Boolean(dockerEnv.ACTIONS_RUNTIME_TOKEN)), { cwd: folder, env, timeoutMs: PUBLISH_TIMEOUT_MS, signal, onLine })
    return withDigests(images, readFileSync(file, 'utf8'))
  }
  finally {
    rmSync(results, { recursive: true })
  }
}

/** The arguments of docker that build compose.yaml for every platform and push. `cached` uses the cache of GitHub Actions. */
export function bakeArguments(targets: string[], metadataFile: string, cached: boolean): string[] {
  return [
    ...['buildx', 'bake', '--file', 'compose.yaml', '--progress', 'plain', '--push', '--sbom=true', '--provenance=mode=max'],
    ...['--metadata-file', metadataFile, '--set', `*.platform=${PLATFORMS}`],
    // Bake asks before it reads outside of this folder, where the services are.
    ...['--allow', `fs.read=${repoRoot}`],
    // A scope each, or the targets overwrite each other's cache.
    ...cached ? targets.flatMap(target => ['--set', `${target}.cache-from=type=gha,scope=${target}`, '--set', `${target}.cache-to=type=gha,mode=max,scope=${target}`]) : [],
    ...targets,
  ]
}

/** Adds to each image its digest, from the metadata file of `docker buildx bake --push`. */
export function withDigests(images: Image[], metadata: string): PublishedImage[] {
  const results = bakeMetadata.parse(JSON.parse(metadata))
  return images.map(image => ({ ...image, digest: targetMetadata.parse(results[image.service])['containerimage.digest'] }))
}

async function ourImages(env: NodeJS.ProcessEnv): Promise<Image[]> {
  const { services } = composeConfig.parse(JSON.parse(await docker(['compose', 'config', '--format', 'json'], { cwd: folder, env, timeoutMs: QUICK_TIMEOUT_MS })))
  return Object.entries(services).filter(([, { build }]) => build).map(([service, { image }]) => ({ service, name: image }))
}

/** Each base image with its digest, such as `node:24-bookworm-slim@sha256:...`. A variable of the shell wins over .env, as in Compose. */
async function resolveBaseImages(env: NodeJS.ProcessEnv, onLine: (line: string) => void): Promise<Record<string, string>> {
  const settings = readFileSync(join(folder, '.env'), 'utf8')
  const resolved: Record<string, string> = {}
  for (const variable of BASE_IMAGES) {
    const image = env[variable] || new RegExp(`^${variable}=(\\S+)$`, 'm').exec(settings)?.[1]
    if (!image)
      throw new Refusal(`Add ${variable} to compose/.env, where it is missing.`)
    resolved[variable] = image.includes('@') ? image : `${image}@${await digestOf(image, env)}`
    onLine(`${variable}=${resolved[variable]}`)
  }
  return resolved
}

async function digestOf(image: string, env: NodeJS.ProcessEnv): Promise<string> {
  const digest = (await docker(['buildx', 'imagetools', 'inspect', '--format', '{{.Manifest.Digest}}', image], { env, timeoutMs: REGISTRY_TIMEOUT_MS })).trim()
  if (!/^sha256:[0-9a-f]{64}$/.test(digest))
    throw new Refusal(`The registry returned no digest of ${image}, but: ${digest.slice(0, 100)}`)
  return digest
}

/** The source, revision and creation time of this tree, for the labels of its images. Each is empty where git does not know it. */
async function origin(): Promise<{ SOURCE: string, REVISION: string, CREATED: string }> {
  const ifKnown = (...args: string[]) => git(...args).catch(() => '')
  const committedAt = await ifKnown('log', '-1', '--format=%ct')
  return {
    SOURCE: webAddress(await ifKnown('remote', 'get-url', 'origin')),
    REVISION: await ifKnown('describe', '--always', '--abbrev=40', '--exclude', '*', '--dirty'),
    // The commit's time: a second build of a commit gives the same image.
    CREATED: committedAt && new Date(Number(committedAt) * 1000).toISOString().replace('.000', ''),
  }
}

/** The https address of a git remote, without a login: `git@host:owner/name.git` is https://host/owner/name. Empty for a folder. */
export function webAddress(remote: string): string {
  const [, host, path] = /^(?:https?:\/\/|ssh:\/\/)?(?:[^@/]+@)?([\w.-]+\.[a-z]+)(?::\d+)?[:/](.+?)(?:\.git)?\/?$/i.exec(remote) ?? []
  return host === undefined ? '' : `https://${host}/${path}`
}
