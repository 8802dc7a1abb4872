import type { Random } from '../random.ts'

/** A version 4 UUID (RFC 9562 §5.4) from seeded numbers: the same seed asks the same questions. */
export function randomUuid(random: Random): string {
  const word = () => Math.floor(random() * 2 ** 32)
  const hex = [word(), (word() & 0xffff0fff) | 0x4000, (word() & 0x3fffffff) | 0x80000000, word()]
    .map((value) => (value >>> 0).toString(16).padStart(8, '0'))
    .join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
