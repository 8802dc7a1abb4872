import { RecsysError } from '../errors.ts'

/** One metric: its name is its formula, and nothing else has it. */
export interface MetricSpec {
  readonly name: string
  /** Takes `@k`. */
  readonly ofLists: boolean
  readonly lowerIsBetter: boolean
  /** Whether the mean over users is the metric; rmse and mae are means over rows. */
  readonly perUser: boolean
  readonly formula: string
}

const better = { lowerIsBetter: false, perUser: true }

/**
 * Every metric with its formula, as `--explain-metrics` prints them. rel(r) is 1 where the item at rank r of a user's list is
 * among the user's held-out items, whatever the rating; R is the number of these items; ranks start at 1.
 */
export const metricCatalogue: readonly MetricSpec[] = [
  {
    name: 'rmse',
    ofLists: false,
    lowerIsBetter: true,
    perUser: false,
    formula: '√(Σ (r − r̂)² ÷ n) over the n held-out ratings; r̂ clipped to the scale of the data',
  },
  {
    name: 'mae',
    ofLists: false,
    lowerIsBetter: true,
    perUser: false,
    formula: 'Σ |r − r̂| ÷ n over the n held-out ratings; r̂ clipped to the scale of the data',
  },
  {
    name: 'auc',
    ofLists: false,
    ...better,
    formula:
      'share of pairs (held-out item, item that the user has in no part) with the held-out one scored higher; a tie counts ½',
  },
  {
    name: 'ndcg',
    ofLists: true,
    ...better,
    formula: 'Σ_{r ≤ k} rel(r) ÷ log2(r + 1), divided by Σ_{r ≤ min(k, R)} 1 ÷ log2(r + 1)',
  },
  { name: 'recall', ofLists: true, ...better, formula: 'Σ_{r ≤ k} rel(r) ÷ R' },
  { name: 'recall_min', ofLists: true, ...better, formula: 'Σ_{r ≤ k} rel(r) ÷ min(k, R)' },
  {
    name: 'precision',
    ofLists: true,
    ...better,
    formula: 'Σ_{r ≤ k} rel(r) ÷ k, also where the list is shorter',
  },
  {
    name: 'map',
    ofLists: true,
    ...better,
    formula: 'Σ_{r ≤ k} rel(r)·precision@r ÷ min(k, R)',
  },
  { name: 'mrr', ofLists: true, ...better, formula: '1 ÷ the least r ≤ k with rel(r) = 1, 0 without one' },
  { name: 'hitRate', ofLists: true, ...better, formula: '1 where any r ≤ k has rel(r) = 1, else 0' },
  {
    name: 'coverage',
    ofLists: true,
    lowerIsBetter: false,
    perUser: false,
    formula: 'items in any list of k ÷ items of the catalogue',
  },
  {
    name: 'gini',
    ofLists: true,
    lowerIsBetter: true,
    perUser: false,
    formula:
      'Σ_j (2j − n − 1)·x_j ÷ (n·Σx) with x_1 ≤ … ≤ x_n how often each of the n items of the catalogue is in a list of k',
  },
  {
    name: 'novelty',
    ofLists: true,
    ...better,
    formula:
      'mean over a list of −log2(users who have the item ÷ users), both of the training part; no user counts as ½',
  },
  {
    name: 'diversity',
    ofLists: true,
    ...better,
    formula:
      'mean over the pairs of a list of 1 − |A ∩ B| ÷ |A ∪ B| of their categories; only where items have categories',
  },
  {
    name: 'popularity',
    ofLists: true,
    lowerIsBetter: true,
    perUser: true,
    formula: 'mean over a list of the training interactions of its items',
  },
]

/** `rmse`, `ndcg@10`: the spec and the k it names. undefined for anything else. */
export function findMetric(
  text: string,
): { readonly spec: MetricSpec; readonly k: number | undefined } | undefined {
  const [, name, length] = /^(\w+)(?:@([1-9]\d{0,5}))?$/.exec(text) ?? []
  const spec = metricCatalogue.find((known) => known.name === name)
  if (spec === undefined || spec.ofLists !== (length !== undefined)) return undefined
  return { spec, k: length === undefined ? undefined : Number(length) }
}

/** `rmse, mae, auc or one of ndcg, recall … with @k, such as ndcg@10` */
export function metricNames(): string {
  const names = (ofLists: boolean) =>
    metricCatalogue.filter((spec) => spec.ofLists === ofLists).map(({ name }) => name)
  return `${names(false).join(', ')} or one of ${names(true).join(', ')} with @k, such as ndcg@10`
}

/** `5,10,20` @throws RECSYS_USAGE */
export function parseLengths(text: string): number[] {
  const lengths = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  if (lengths.every((k) => Number.isInteger(k) && k >= 1)) return [...new Set(lengths)].sort((a, b) => a - b)
  throw new RecsysError('RECSYS_USAGE', {
    message: `-k is ${JSON.stringify(text.slice(0, 60))}, expected whole numbers from 1 up with commas between them, such as 5,10,20`,
    field: 'k',
  })
}

/** What has to be said wherever figures of `--sampled` stand. */
export const sampledNote =
  '--sampled N adds sampledNdcg, sampledRecall, sampledMrr, sampledHitRate: the held-out items of a user among N items drawn at random (the NCF protocol), for comparison with papers alone; they are no estimates of the metrics of the whole catalogue.'
