import { Buffer } from 'node:buffer'
import { crc32, deflateSync } from 'node:zlib'
import { PNG } from 'pngjs'

const MAX_COLOURS = 256
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
const BIT_DEPTH = 8
const INDEXED = 3

/**
 * Reduces a picture to at most 256 of its colours, which makes it about a third as large: Chromium writes true colour,
 * but a page has few colours except at the edges of its letters. Each other colour becomes the nearest one kept.
 */
export function smallPng(picture: Buffer): Buffer {
  const { width, height, data } = PNG.sync.read(picture)
  const colours = Array.from({ length: width * height }, (_, pixel) => data.readUIntBE(pixel * 4, 3))
  const counts = new Map<number, number>()
  for (const colour of colours)
    counts.set(colour, (counts.get(colour) ?? 0) + 1)
  const palette = paletteOf([...counts].sort(([, a], [, b]) => b - a).map(([colour]) => colour))
  const indexes = new Map([...counts.keys()].map(colour => [colour, nearest(palette, colour)]))

  const rows = Buffer.alloc((width + 1) * height) // each row begins with its filter type: 0, none
  for (const [pixel, colour] of colours.entries())
    rows[pixel + Math.trunc(pixel / width) + 1] = indexes.get(colour)!
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([BIT_DEPTH, INDEXED], 8)
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flatMap(colour => [colour >> 16, colour >> 8 & 0xFF, colour & 0xFF]))),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** The most frequent colours that differ by more than a tolerance: the smallest tolerance at which at most 256 remain. */
function paletteOf(colours: number[]): number[] {
  for (let tolerance = 0; ; tolerance += 2) {
    const palette: number[] = []
    for (const colour of colours) {
      if (palette.every(chosen => distance(chosen, colour) > tolerance ** 2) && palette.push(colour) > MAX_COLOURS)
        break
    }
    if (palette.length <= MAX_COLOURS)
      return palette
  }
}

function nearest(palette: number[], colour: number): number {
  const distances = palette.map(candidate => distance(candidate, colour))
  return distances.indexOf(Math.min(...distances))
}

/** The squared distance of two colours in RGB. */
function distance(a: number, b: number): number {
  return ((a >> 16) - (b >> 16)) ** 2 + ((a >> 8 & 0xFF) - (b >> 8 & 0xFF)) ** 2 + ((a & 0xFF) - (b & 0xFF)) ** 2
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, checksum])
}
