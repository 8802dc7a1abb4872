import { fmix32 } from '../kernels/random.ts'

/**
 * A stable hash of ids in two 32-bit lanes. What it gives is part of the `hash` split and of the tie rule of the ranking
 * metrics: changing it moves rows between training and test of every lake.
 */
export interface IdHash {
  readonly high: number
  readonly low: number
}

/** Multiply-xor over the UTF-16 code units, then the finaliser of MurmurHash3 on each lane. */
export function hashId(id: string): IdHash {
  let high = 0x9e3779b9 ^ id.length
  let low = 0x85ebca6b
  for (let at = 0; at < id.length; at++) {
    const unit = id.charCodeAt(at)
    high = Math.imul(high ^ unit, 0xcc9e2d51)
    high ^= high >>> 15
    low = Math.imul(low ^ unit, 0x1b873593)
    low ^= low >>> 13
  }
  return { high: fmix32(high ^ low), low: fmix32(low + Math.imul(high, 5)) }
}

/** A number in [0, 1) from two hashes; the order of the two matters. */
export function combineHashes(a: IdHash, b: IdHash): number {
  const high = fmix32(a.high ^ Math.imul(b.low, 0x85ebca6b))
  const low = fmix32(a.low ^ Math.imul(b.high, 0xc2b2ae35) ^ high)
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53
}
