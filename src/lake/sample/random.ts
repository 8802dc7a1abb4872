/** Random numbers from a seed: the same seed gives the same sample on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform integer in [0, n). */
  below(n: number): number
  /** Standard normal. */
  normal(): number
  pick<Value>(values: readonly Value[]): Value
}

/** Mulberry32 (T. Ettinger): 32 bits of state, plenty for a sample. */
export function createRandom(seed: number): Random {
  let state = Math.imul(seed, 2_654_435_761) ^ Math.floor(seed / 2 ** 32)
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number) => Math.floor(next() * n)
  return {
    next,
    below,
    // Box–Muller; 1 - u keeps the logarithm away from 0.
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    pick: (values) => values[below(values.length)]!,
  }
}
