import { fmix32 } from '../../kernels/random.ts'
import type { PairedSample } from './types.ts'

/**
 * Two-sided p of the paired randomisation test (Fisher 1935; for retrieval metrics Smucker, Allan & Carterette 2007): if
 * the two models were one, it would not matter which of the two a user's values came from. The labels are swapped at
 * random user by user; p = (1 + swaps with a difference at least as great) ÷ (1 + swaps). Sums decide: with the same
 * weights on both sides every value above is a monotone function of them.
 * @returns 1 where no user makes a difference
 */
export function randomisationTest(
  { champion, challenger }: PairedSample,
  { seed, nSwaps }: { readonly seed: number; readonly nSwaps: number },
): number {
  const differences = Float64Array.from(challenger, (value, user) => value - champion[user]).filter(
    (difference) => difference !== 0,
  )
  if (differences.length === 0) return 1
  let observed = 0
  for (const difference of differences) observed += difference
  // Sums of the same numbers in another order may differ in their last bits.
  const threshold = Math.abs(observed) * (1 - 1e-12)
  let nAsGreat = 0
  for (let swap = 0; swap < nSwaps; swap++) {
    if (Math.abs(swappedSum(differences, seed, swap)) >= threshold) nAsGreat++
  }
  return (1 + nAsGreat) / (1 + nSwaps)
}

/** Each difference with a random sign: 32 signs from each random word. */
function swappedSum(differences: Float64Array, seed: number, swap: number): number {
  let sum = 0
  for (let start = 0, word = 0; start < differences.length; start += 32, word++) {
    let signs = fmix32(fmix32(seed ^ Math.imul(swap + 1, 0x85ebca6b)) ^ Math.imul(word + 1, 0xc2b2ae35))
    const end = Math.min(start + 32, differences.length)
    for (let at = start; at < end; at++, signs >>>= 1) {
      sum += signs & 1 ? differences[at] : -differences[at]
    }
  }
  return sum
}
