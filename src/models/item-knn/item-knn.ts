import type { Csr, TrainingSet } from '../../dataset/types.ts'
import type { Compute } from '../../kernels/compute.ts'
import { neighboursModel, neighbourTensors, rowsBySource } from '../neighbours-model.ts'
import { ratingBiasTensors } from '../rating-bias.ts'
import type { Algorithm, FitContext, Model, Params } from '../types.ts'
import { type ItemKnnParams, parameters } from './parameters.ts'
import { type Weighting, weightingOf } from './weighting.ts'

/**
 * Item-based nearest neighbours (Sarwar et al. 2001; the top-N form of Deshpande & Karypis 2004) with the asymmetric cosine
 * of Aiolli (2013): an item is recommended by its nearest neighbours among what the user has.
 */
export const itemKnn: Algorithm = {
  name: 'item-knn',
  summary: 'nearest neighbours of items, for ranking',
  goal: 'ranking',
  parameters,
  memoryBytes: (train, params, nThreads) => {
    const k = Math.min((params as ItemKnnParams).neighbours, train.nItems)
    const nEntries = train.byUser.columns.length
    return 16 * nEntries + 8 * train.nUsers + train.nItems * (16 + 8 * k + 4 * nThreads)
  },
  fit,
  restore: neighboursModel,
}

async function fit(train: TrainingSet, params: Params, { compute, signal }: FitContext): Promise<Model> {
  const resolved = params as ItemKnnParams
  const { nUsers, nItems, ratingRange } = train
  const k = Math.min(resolved.neighbours, nItems)
  const weighting = weightingOf(train, resolved)
  const [left, right] = norms(train, weighting, resolved, compute)
  const [best, scores] = [compute.int32(nItems * k), compute.float32(nItems * k)]
  await compute.run({
    kernel: 'similar_rows',
    nRows: nItems,
    scratchBytes: 4 * nItems,
    args: [
      ...shareCsr(train.byItem, weighting.items, weighting.users, compute),
      ...shareCsr(train.byUser, weighting.users, weighting.items, compute),
      ...[nItems, left, right, resolved.similarity === 'bm25' ? 0 : resolved.shrinkage, k, best, scores],
    ],
    signal,
  })
  const tensors = { ...neighbourTensors(rowsBySource(best, scores, nItems)), ...ratingBiasTensors(train) }
  return neighboursModel({ algorithm: 'item-knn', params, nUsers, nItems, ratingRange, tensors })
}

/** Starts, columns and weights in shared memory. */
function shareCsr(
  { nRows, rowStarts, columns }: Csr,
  ofRow: Float32Array,
  ofColumn: Float32Array,
  compute: Compute,
) {
  const starts = compute.int32(nRows + 1)
  starts.set(rowStarts)
  const shared = compute.int32(columns.length)
  shared.set(columns)
  const weights = compute.float32(columns.length)
  for (let row = 0; row < nRows; row++) {
    for (let entry = starts[row]; entry < starts[row + 1]; entry++) {
      weights[entry] = ofRow[row] * ofColumn[columns[entry]]
    }
  }
  return [starts, shared, weights] as const
}

/** ‖a_i‖^2α for the recommended item and ‖a_j‖^2(1−α) for its neighbour; bm25 is a plain product. */
function norms(
  { nItems, byItem }: TrainingSet,
  { users, items }: Weighting,
  params: ItemKnnParams,
  compute: Compute,
) {
  const [left, right] = [compute.float32(nItems), compute.float32(nItems)]
  for (let item = 0; item < nItems; item++) {
    let square = 0
    for (let entry = byItem.rowStarts[item]; entry < byItem.rowStarts[item + 1]; entry++) {
      square += (items[item] * users[byItem.columns[entry]]) ** 2
    }
    const plain = params.similarity === 'bm25'
    left[item] = plain ? 1 : square ** params.asymmetry
    right[item] = plain ? 1 : square ** (1 - params.asymmetry)
  }
  return [left, right] as const
}
