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

/** λ_b = λ / 3; a little of λ stays even at 0, so that a row with fewer ratings than factors has one solution. */
export function ridgeFrom(reg: number, dampings: Pick<Ridge, 'damping' | 'biasDamping'>): Ridge {
  const penalty = Math.max(reg, 1e-6)
  return { reg: penalty, regBias: penalty / 3, ...dampings }
}

/** As the kernels take it. */
export function ridgeArguments({ reg, damping, regBias, biasDamping }: Ridge): number[] {
  return [reg, damping, regBias, biasDamping]
}
