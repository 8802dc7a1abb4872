/** A set of item indices, 32 a word: member i is bit i mod 32 of word i / 32. */
export type Bitset = Uint32Array

/** A set that can hold [0, size). */
export function createBitset(size: number): Bitset {
  return new Uint32Array((size + 31) >>> 5)
}

export function insert(set: Bitset, index: number): void {
  set[index >>> 5]! |= 1 << (index & 31)
}

export function remove(set: Bitset, index: number): void {
  set[index >>> 5]! &= ~(1 << (index & 31))
}

export function has(set: Bitset, index: number): boolean {
  return ((set[index >>> 5]! >>> (index & 31)) & 1) === 1
}

export function insertAll(set: Bitset, indices: Int32Array | readonly number[]): void {
  for (let i = 0; i < indices.length; i++) insert(set, indices[i]!)
}
