import type { ModelState } from './types.ts'

/**
 * The penalty of a row with n ratings: (λ·n + damping)·‖factors‖² + (λ_b·n + biasDamping)·bias². λ·n alone (ALS-WR) hardly
 * shrinks a row with few ratings; the damping does, as in damped means, which lowers the RMSE and keeps items with one
 * good rating from the head of every list.
 */
export interface Ridge {
  readonly reg: number
  readonly damping: number
  readonly regBias: number
  readonly biasDamping: number
}

/**
 * λ_b = λ / 3; a little of λ stays even at 0, so that a row with fewer ratings than factors has one solution. What is
 * given is for a scale of 1 to 5: see `scaleOf`.
 * @param damping  of the factors and of the bias
 */
export function ridgeFrom(reg: number, damping: number, range: ModelState['ratingRange']): Ridge {
  const penalty = Math.max(reg, 1e-6)
  const scale = scaleOf(range)
  return { reg: penalty * scale, damping: damping * scale, regBias: penalty / 3, biasDamping: damping }
}

/**
 * How much wider a rating scale is than 1 to 5; 1 where all ratings are equal. Ratings s times as large are explained by
 * biases s times and factors √s times as large. So that the same model comes out, the penalty of the factors grows with s
 * and that of the biases stays.
 */
export function scaleOf([min, max]: ModelState['ratingRange']): number {
  return max > min ? (max - min) / 4 : 1
}

/** As the kernels take it. */
export function ridgeArguments({ reg, damping, regBias, biasDamping }: Ridge): number[] {
  return [reg, damping, regBias, biasDamping]
}
