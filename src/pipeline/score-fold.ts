import { trainingSet } from '../dataset/dataset.ts'
import type { Dataset, Masks } from '../dataset/types.ts'
import type { Compute } from '../kernels/compute.ts'
import { biasBaseline, globalMeanBaseline } from '../metrics/baselines.ts'
import type { RankingQuestion } from '../metrics/ranking.ts'
import { score } from '../metrics/score.ts'
import { algorithms } from '../models/algorithms.ts'
import { resolveParams } from '../models/parameters.ts'
import type { Baselines } from './types.ts'

/** Global mean, user and item bias, and popularity, fitted on the training rows and scored on the held-out ones. */
export async function scoreBaselines(compute: Compute, question: RankingQuestion): Promise<Baselines> {
  const train = trainingSet(question.dataset, question.fold)
  const { popular } = algorithms
  const popularity = await popular.fit(train, resolveParams(popular, {}), { compute, seed: 0 })
  return {
    globalMean: await score(compute, question, globalMeanBaseline(train)),
    bias: await score(compute, question, biasBaseline(train)),
    popularity: await score(compute, question, popularity),
  }
}

export interface HeldOutCounts {
  readonly nTrainRows: number
  readonly nHeldOutRows: number
  /** Users with at least one held-out row. */
  readonly nHeldOutUsers: number
}

export function countRows({ ratings }: Dataset, { isTest, isTrain }: Masks): HeldOutCounts {
  let [nTrainRows, nHeldOutRows] = [0, 0]
  const users = new Set<number>()
  for (let row = 0; row < isTest.length; row++) {
    nTrainRows += isTrain[row]
    nHeldOutRows += isTest[row]
    if (isTest[row] === 1) users.add(ratings.userIndex[row])
  }
  return { nTrainRows, nHeldOutRows, nHeldOutUsers: users.size }
}
