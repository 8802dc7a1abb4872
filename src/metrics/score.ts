import { RecsysError } from '../errors.ts'
import type { Compute } from '../kernels/compute.ts'
import { evaluateRanking } from './ranking.ts'
import { errorMetrics, ratingErrors } from './rating.ts'
import { sampledMetrics } from './sampled.ts'
import type { Evaluation, Metrics, RankingQuestion, Scorer } from './types.ts'

/**
 * Rating and ranking metrics of one model on the held-out rows, and what it did for every user.
 * @throws RECSYS_USAGE when a k exceeds the catalogue
 */
export async function evaluateScorer(
  compute: Compute,
  question: RankingQuestion,
  scorer: Scorer,
): Promise<Evaluation> {
  for (const k of question.ks) requireListLength({ dataset: question.dataset, k })
  const errors = ratingErrors(question.dataset, question.fold, scorer)
  const { metrics, values, lists } = await evaluateRanking(compute, question, scorer)
  const sampled = question.sampled ? sampledMetrics(question, question.sampled, scorer) : {}
  return {
    metrics: { ...errorMetrics(errors, question.dataset), ...metrics, ...sampled },
    perUser: { ...errors, values },
    lists,
  }
}

/** `evaluateScorer` where nothing is wanted but the means. */
export async function score(compute: Compute, question: RankingQuestion, scorer: Scorer): Promise<Metrics> {
  return (await evaluateScorer(compute, question, scorer)).metrics
}

/** Where nothing else is asked for. Also good for a smaller catalogue, whose lists then end early. */
export const defaultListLength = 10

/** @throws RECSYS_USAGE */
export function requireListLength({
  dataset,
  k,
}: Pick<RankingQuestion, 'dataset'> & { readonly k: number }): void {
  const nItems = dataset.items.size
  if (Number.isInteger(k) && k >= 1 && (k <= nItems || k === defaultListLength)) return
  throw new RecsysError('RECSYS_USAGE', {
    message: `--k is ${k}, expected an integer from 1 to the ${nItems} items of the catalogue`,
    field: 'k',
  })
}
