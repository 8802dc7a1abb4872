/**
 * Counter-based random numbers: the value at a position depends on the seed and the position alone, never on who asks
 * or in which order. Philox-like mixing is not needed for initial factors; this is the finaliser of MurmurHash3
 * (fmix32) over two rounds of a Weyl sequence.
 */
export function uniformAt(seed: number, position: number): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(position + 1, 0xc2b2ae35)
  h = fmix32(fmix32(h) + Math.imul(position, 0x9e3779b9))
  return (h >>> 0) / 2 ** 32
}

/** Standard normal by Box and Muller (1958) from positions 2·position and 2·position + 1. */
export function normalAt(seed: number, position: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniformAt(seed, 2 * position)))
  return radius * Math.cos(2 * Math.PI * uniformAt(seed, 2 * position + 1))
}

/** The finaliser of MurmurHash3: every bit of the value moves every bit of the result. */
export function fmix32(value: number): number {
  let h = value
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** Gamma of scale 1: as many uniforms as it takes, from a stream that belongs to the position alone. @param shape  above 0 */
export function gammaAt(seed: number, position: number, shape: number): number {
  return new RandomStream(fmix32(seed ^ 0x6a09e667) ^ Math.imul(position + 1, 0x9e3779b1)).gamma(shape)
}

/** Random numbers one after the other; the n-th depends on the seed and on what was asked for before. */
export class RandomStream {
  readonly #seed: number
  #position = 0

  constructor(seed: number) {
    this.#seed = seed
  }

  uniform(): number {
    return uniformAt(this.#seed, this.#position++)
  }

  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()))
    return radius * Math.cos(2 * Math.PI * this.uniform())
  }

  /** Gamma of scale 1 by Marsaglia & Tsang (2000). @param shape  above 0 */
  gamma(shape: number): number {
    if (shape < 1) return this.gamma(shape + 1) * (1 - this.uniform()) ** (1 / shape)
    const d = shape - 1 / 3
    const c = 1 / Math.sqrt(9 * d)
    for (;;) {
      const x = this.normal()
      const v = (1 + c * x) ** 3
      if (v <= 0) continue
      if (Math.log(1 - this.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
    }
  }
}
