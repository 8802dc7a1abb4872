import { trainingSet } from '../dataset/dataset.ts'
import type { Compute } from '../kernels/compute.ts'
import { biasBaseline, globalMeanBaseline } from '../metrics/baselines.ts'
import { evaluateScorer } from '../metrics/score.ts'
import type { RankingQuestion } from '../metrics/types.ts'
import { algorithms } from '../models/algorithms.ts'
import { resolveParams } from '../models/parameters.ts'
import type { Baselines, EvaluatedBaselines } from './types.ts'

/** Global mean, user and item bias, and popularity, fitted on the training rows and scored on the held-out ones. */
export async function evaluateBaselines(
  compute: Compute,
  question: RankingQuestion,
): Promise<EvaluatedBaselines> {
  const train = trainingSet(question.dataset, question.fold)
  const { popular } = algorithms
  const popularity = await popular.fit(train, resolveParams(popular, {}), { compute, seed: 0 })
  return {
    globalMean: await evaluateScorer(compute, question, globalMeanBaseline(train)),
    bias: await evaluateScorer(compute, question, biasBaseline(train)),
    popularity: await evaluateScorer(compute, question, popularity),
  }
}

/** `evaluateBaselines` where nothing is wanted but the means. */
export async function scoreBaselines(compute: Compute, question: RankingQuestion): Promise<Baselines> {
  return metricsOf(await evaluateBaselines(compute, question))
}

export function metricsOf({ globalMean, bias, popularity }: EvaluatedBaselines): Baselines {
  return { globalMean: globalMean.metrics, bias: bias.metrics, popularity: popularity.metrics }
}
