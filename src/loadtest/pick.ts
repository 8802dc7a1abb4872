import { draw, type Random } from './random.ts'
import { ZipfSampler } from './zipf.ts'

export type Pick<T> = (random: Random) => T

/** Between the 0.8 and 1.2 that popularity in logs of shops and video sites is mostly fitted by. */
const exponent = 1

/**
 * Draws from a list, every entry as likely as any other or by Zipf's law, P(rank) ∝ 1/rank, with ranks in the order of the list.
 * @param values  not empty
 */
export function pickFrom<T>(values: readonly T[], law: 'zipf' | 'uniform'): Pick<T> {
  if (law === 'uniform') return (random) => draw(values, random)
  const sampler = new ZipfSampler(values.length, exponent)
  return (random) => values[sampler.draw(random) - 1] as T
}
