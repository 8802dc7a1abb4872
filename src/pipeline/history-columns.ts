import type { ArtifactContent } from '../artifacts/types.ts'
import { byUser } from '../dataset/dataset.ts'
import type { Dataset } from '../dataset/types.ts'

type HistoryColumns = Pick<
  ArtifactContent,
  'historyStarts' | 'historyItems' | 'historyRatings' | 'historyWeights'
>

/** What each user did: every known row, held-out ones too, with ratings and weights where they say something. */
export function historyColumns(dataset: Dataset): HistoryColumns {
  const { rating, weight } = dataset.interactions
  const history = byUser(dataset, new Uint8Array(rating.length).fill(1))
  return {
    historyStarts: history.rowStarts,
    historyItems: history.columns,
    // The rows of the dataset lie in the order of the histories.
    historyRatings: dataset.kind === 'implicit' ? undefined : rating,
    historyWeights: weight.every((one) => one === 1) ? undefined : weight,
  }
}
