import { oneOrder } from '../../dataset/ranking.ts'
import { decayWeights } from '../../dataset/time-decay.ts'
import { meanRating } from '../../dataset/training-mean.ts'
import type { TrainingSet } from '../../dataset/types.ts'
import { tensorOf } from '../model-state.ts'
import type { ParameterSpecs, ParamsOf } from '../parameters.ts'
import type { Algorithm, Model, ModelState } from '../types.ts'

const parameters = {
  damping: {
    kind: 'number',
    description: 'ratings of average height added to each item',
    default: 5,
    min: 0,
    max: 1e6,
    integer: false,
    search: { low: 0.1, high: 100, log: true },
  },
  halfLife: {
    kind: 'number',
    description: 'days after which an interaction counts half, 0: all count alike',
    default: 0,
    before: 0,
    min: 0,
    max: 1e5,
    integer: false,
  },
} as const satisfies ParameterSpecs

type Resolved = ParamsOf<typeof parameters>

/**
 * The floor: a rating is the item's mean, damped towards the mean of all by as many ratings as `damping` says; items
 * are ordered by how many ratings they have, of late above all with a half-life, equal ones by their damped mean.
 */
export const popular: Algorithm = {
  name: 'popular',
  summary: 'damped mean and count of each item: the floor for every other model',
  goal: 'ranking',
  parameters,
  memoryBytes: () => 0,
  fit: async (train, params, { signal }) => {
    signal?.throwIfAborted()
    const { nUsers, nItems, ratingRange } = train
    return restore({
      algorithm: 'popular',
      params,
      nUsers,
      nItems,
      ratingRange,
      tensors: countItems(train, params as Resolved),
    })
  },
  restore,
}

function countItems(train: TrainingSet, { damping, halfLife }: Resolved): ModelState['tensors'] {
  const { rowStarts, values } = train.ratings.byItem
  const mean = meanRating(train)
  const itemMean = new Float32Array(train.nItems)
  const itemScore = new Float32Array(train.nItems)
  const popularity = popularityOf(train, halfLife)
  const span = Math.max(1e-9, train.ratingRange[1] - train.ratingRange[0])
  for (let item = 0; item < train.nItems; item++) {
    let sum = damping * mean
    for (let entry = rowStarts[item]; entry < rowStarts[item + 1]; entry++) sum += values[entry]
    const count = rowStarts[item + 1] - rowStarts[item]
    itemMean[item] = count + damping > 0 ? sum / (count + damping) : mean
    // The mean decides between equal counts: it adds less than one rating would.
    itemScore[item] = popularity[item] + (0.5 * (itemMean[item] - train.ratingRange[0])) / span
  }
  return {
    itemMean: { axis: 'item', width: 1, data: itemMean },
    itemScore: { axis: 'item', width: 1, data: itemScore },
    mean: { axis: 'model', width: 1, data: Float32Array.of(mean) },
  }
}

/** How often each item was chosen, lately above all where there is a half-life. */
function popularityOf(train: TrainingSet, halfLife: number): Float64Array {
  const weights = halfLife > 0 ? decayWeights(train, halfLife) : undefined
  const { columns } = train.byUser
  const popularity = new Float64Array(train.nItems)
  for (let entry = 0; entry < columns.length; entry++)
    popularity[columns[entry]] += weights ? weights[entry] : 1
  return popularity
}

function restore(state: ModelState): Model {
  const itemMean = tensorOf(state, 'itemMean', 'item', 1)
  const itemScore = tensorOf(state, 'itemScore', 'item', 1)
  const mean = tensorOf(state, 'mean', 'model', 1)[0]
  return {
    ...state,
    predict: (_user, item) => (item < 0 ? mean : itemMean[item]),
    scoreUser: (_user, _history, scores) => scores.set(itemScore),
    scoreHistory: (_history, scores) => scores.set(itemScore),
    explain: (_history, _item, contributions) => contributions.fill(0),
    // Nothing is known about likeness: the popular items stand beside every item.
    scoreSimilar: (_item, similarity) => similarity.set(itemScore),
    ranking: () => oneOrder(state.nUsers, itemScore),
  }
}
