import { fitRatingBias, predictByBias } from '../dataset/rating-bias.ts'
import type { TrainingSet } from '../dataset/types.ts'
import { tensorOf } from './model-state.ts'
import type { Model, ModelState, Tensor } from './types.ts'

/** How an algorithm that only ranks predicts ratings: by mean, user's and item's bias. */
export function ratingBiasTensors(train: TrainingSet): Readonly<Record<string, Tensor>> {
  const { mean, userBias, itemBias } = fitRatingBias(train)
  return {
    mean: { axis: 'model', width: 1, data: Float32Array.of(mean) },
    userBias: { axis: 'user', width: 1, data: userBias },
    itemBias: { axis: 'item', width: 1, data: itemBias },
  }
}

/** @throws RECSYS_MODEL_SHAPE */
export function ratingBiasPredictor(state: ModelState): Model['predict'] {
  const mean = tensorOf(state, 'mean', 'model', 1)[0]
  const userBias = tensorOf(state, 'userBias', 'user', 1)
  const itemBias = tensorOf(state, 'itemBias', 'item', 1)
  return predictByBias({ mean, userBias, itemBias }, state.ratingRange)
}
