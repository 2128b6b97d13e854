import { randomBytes } from 'node:crypto'

/** A new version 7 UUID: the time in milliseconds, then 74 random bits. Node has one of its own only from 24.16 on. Source: RFC 9562, section 5.7. */
export function uuidv7(nowMs: number = Date.now()): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(nowMs, 0, 6)
  bytes[6] = 0x70 | (bytes[6]! & 0x0F)
  bytes[8] = 0x80 | (bytes[8]! & 0x3F)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** When a version 7 UUID was made, in whole milliseconds. Source: RFC 9562, section 5.7. */
export function timeOfUuidv7(id: string): Date {
  return new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16))
}

/** The lowest version 7 UUID of a millisecond: every id made before that time sorts below it, every other one does not. */
export function firstUuidv7At(time: Date): string {
  const hex = time.getTime().toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}
