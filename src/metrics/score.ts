import { RecsysError } from '../errors.ts'
import type { Compute } from '../kernels/compute.ts'
import { type RankingQuestion, rankingMetrics } from './ranking.ts'
import { ratingMetrics } from './rating.ts'
import type { Metrics, Scorer } from './types.ts'

/** Rating and ranking metrics of one model on the held-out rows. @throws RECSYS_USAGE when k exceeds the catalogue */
export async function score(compute: Compute, question: RankingQuestion, scorer: Scorer): Promise<Metrics> {
  requireListLength(question)
  const rating = ratingMetrics(question.dataset, question.fold, scorer)
  return { ...rating, ...(await rankingMetrics(compute, question, scorer)) }
}

/** Where nothing else is asked for. Also good for a smaller catalogue, whose lists then end early. */
export const defaultListLength = 10

/** @throws RECSYS_USAGE */
export function requireListLength({ dataset, k }: Pick<RankingQuestion, 'dataset' | 'k'>): void {
  const nItems = dataset.items.size
  if (Number.isInteger(k) && k >= 1 && (k <= nItems || k === defaultListLength)) return
  throw new RecsysError('RECSYS_USAGE', {
    message: `--k is ${k}, expected an integer from 1 to the ${nItems} items of the catalogue`,
    field: 'k',
  })
}
