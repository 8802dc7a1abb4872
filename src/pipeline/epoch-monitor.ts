import { combineHashes, hashId } from '../dataset/id-hash.ts'
import type { Dataset, Masks } from '../dataset/types.ts'
import type { Compute } from '../kernels/compute.ts'
import { rankingMetrics } from '../metrics/ranking.ts'
import { ratingMetrics } from '../metrics/rating.ts'
import type { Algorithm, Model } from '../models/types.ts'

/** One figure of a model in training, on rows that it does not learn from. */
export interface EpochMonitor {
  readonly metric: string
  readonly higherIsBetter: boolean
  measure(model: Model): Promise<number>
}

/** So many users are enough to see a curve bend, and cost little beside an epoch. */
const mostUsers = 500

/**
 * RMSE or NDCG@k, whichever the algorithm is made for, of a sample of users with held-out rows: the ones whose ids hash
 * lowest, so that the sample stays the same from run to run.
 * @param prefix  of the metric's name, such as `heldOut` or `validation`
 */
export function epochMonitor(
  { dataset, fold, k }: { readonly dataset: Dataset; readonly fold: Masks; readonly k: number },
  { goal }: Pick<Algorithm, 'goal'>,
  compute: Compute,
  prefix: string,
): EpochMonitor {
  const sample = sampleUsers(dataset, fold)
  if (goal === 'rating') {
    return {
      metric: `${prefix}Rmse`,
      higherIsBetter: false,
      measure: async (model) => ratingMetrics(sample.dataset, sample.fold, model).rmse,
    }
  }
  const length = Math.min(k, dataset.items.size)
  return {
    metric: `${prefix}Ndcg@${length}`,
    higherIsBetter: true,
    measure: async (model) => {
      const metrics = await rankingMetrics(compute, { ...sample, ks: [length] }, model)
      return metrics[`ndcg@${length}`]
    },
  }
}

/** The rows of the chosen users alone, under the same indices. */
function sampleUsers(dataset: Dataset, fold: Masks): { dataset: Dataset; fold: Masks } {
  const { userIndex, itemIndex, rating, weight, count, timestamp } = dataset.interactions
  const chosen = chooseUsers(dataset, fold)
  const rows: number[] = []
  for (let row = 0; row < userIndex.length; row++) if (chosen[userIndex[row]] === 1) rows.push(row)
  return {
    dataset: {
      ...dataset,
      interactions: {
        userIndex: Int32Array.from(rows, (row) => userIndex[row]),
        itemIndex: Int32Array.from(rows, (row) => itemIndex[row]),
        rating: Float32Array.from(rows, (row) => rating[row]),
        weight: Float32Array.from(rows, (row) => weight[row]),
        count: Int32Array.from(rows, (row) => count[row]),
        timestamp: Float64Array.from(rows, (row) => timestamp[row]),
      },
    },
    fold: {
      isTest: Uint8Array.from(rows, (row) => fold.isTest[row]),
      isTrain: Uint8Array.from(rows, (row) => fold.isTrain[row]),
      ...(fold.isFoldIn ? { isFoldIn: Uint8Array.from(rows, (row) => fold.isFoldIn?.[row] ?? 0) } : {}),
    },
  }
}

function chooseUsers({ users, interactions }: Dataset, { isTest }: Masks): Uint8Array {
  const heldOut = new Uint8Array(users.size)
  for (let row = 0; row < isTest.length; row++)
    if (isTest[row] === 1) heldOut[interactions.userIndex[row]] = 1
  const salt = hashId('epoch monitor')
  const candidates = Array.from(heldOut.keys()).filter((user) => heldOut[user] === 1)
  const places = new Map(candidates.map((user) => [user, combineHashes(salt, hashId(users.ids[user]))]))
  candidates.sort((a, b) => (places.get(a) as number) - (places.get(b) as number) || a - b)
  const chosen = new Uint8Array(users.size)
  for (const user of candidates.slice(0, mostUsers)) chosen[user] = 1
  return chosen
}
