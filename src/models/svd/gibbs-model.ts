import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import type { FactorRanking } from '../../dataset/ranking.ts'
import { dotAt } from '../dot-product.ts'
import { factorModel, type RatingModel, rowWithBias } from '../factor-model.ts'
import { tensorOf } from '../model-state.ts'
import { scaleOf } from '../ridge.ts'
import type { HistoryEntry, Model, ModelState } from '../types.ts'
import type { SvdParams } from './parameters.ts'
import { type TimeBiases, timeBiasesOf, withLatestBiases } from './time-biases.ts'

/**
 * The average of n posterior samples as one inner product: the samples' factors stand side by side, the items' divided
 * by n. A new user is folded in sample by sample.
 */
export function gibbsModel(state: ModelState): Model {
  return new GibbsModel(state)
}

class GibbsModel implements Model {
  readonly algorithm: Model['algorithm']
  readonly params: Model['params']
  readonly nUsers: number
  readonly nItems: number
  readonly ratingRange: Model['ratingRange']
  readonly tensors: Model['tensors']
  readonly #factors: RatingModel
  readonly #times: TimeBiases | undefined
  readonly #itemBias: Float32Array
  readonly #samples: SampleSet
  readonly #users: Float32Array
  readonly #userVariance: Float32Array
  readonly #userNoise: Float32Array
  readonly #meanVariance: number

  constructor(state: ModelState) {
    this.algorithm = state.algorithm
    this.params = state.params
    this.nUsers = state.nUsers
    this.nItems = state.nItems
    this.ratingRange = state.ratingRange
    this.tensors = state.tensors
    this.#samples = sampleSetOf(state)
    const { n, factors } = this.#samples
    this.#users = tensorOf(state, 'userFactors', 'user', n * factors)
    this.#userVariance = tensorOf(state, 'userVariance', 'user', 1)
    this.#userNoise = tensorOf(state, 'userNoise', 'user', 1)
    const total = this.#userVariance.reduce((sum, value) => sum + value, 0)
    this.#meanVariance = total / Math.max(1, state.nUsers)
    // Histories are not folded in by the ridge: this class does it.
    this.#times = timeBiasesOf(state)
    const latest = withLatestBiases(state, this.#times)
    this.#itemBias = tensorOf(latest, 'itemBias', 'item', 1)
    this.#factors = factorModel(latest, { ridge: noRidge, nonNegative: false })
  }

  predict(userIndex: number, itemIndex: number, timestamp?: number): number {
    if (this.#times === undefined) return this.#factors.predict(userIndex, itemIndex)
    const now = this.#times.at(-1, itemIndex)
    const rating = this.#factors.ratingAt(userIndex, itemIndex) - now
    const [min, max] = this.ratingRange
    return Math.min(max, Math.max(min, rating + this.#times.at(userIndex, itemIndex, timestamp)))
  }

  /** √(noise + spread over the samples + the user's own posterior variance, averaged over the items) */
  deviation(userIndex: number, itemIndex: number): number {
    const { n, itemBiases, itemPrecisions, alphas, scale } = this.#samples
    let [sum, squares, noise] = [0, 0, 0]
    for (let sample = 0; sample < n; sample++) {
      const product = userIndex < 0 || itemIndex < 0 ? 0 : n * this.#productAt(userIndex, itemIndex, sample)
      const value = product + (itemIndex < 0 ? 0 : scale * itemBiases[itemIndex * n + sample])
      sum += value
      squares += value * value
      noise += scale ** 2 / alphas[sample] / (itemIndex < 0 ? 1 : itemPrecisions[itemIndex * n + sample])
    }
    const spread = Math.max(0, squares / n - (sum / n) ** 2)
    const own = userIndex < 0 ? this.#meanVariance : this.#userVariance[userIndex]
    return Math.sqrt((noise / n) * (userIndex < 0 ? 1 : this.#userNoise[userIndex]) + spread + own)
  }

  #productAt(userIndex: number, itemIndex: number, sample: number): number {
    const { n, factors, items } = this.#samples
    return dotAt(this.#users, userIndex * n + sample, items, itemIndex * n + sample, factors)
  }

  scoreUser(userIndex: number, history: readonly HistoryEntry[], scores: Float32Array): void {
    this.#factors.scoreUser(userIndex, history, scores)
  }

  scoreHistory(history: readonly HistoryEntry[], scores: Float32Array): void {
    const { n, factors, items } = this.#samples
    const row = this.#factorsOf(history)
    const bias = this.#itemBias
    for (let item = 0; item < this.nItems; item++)
      scores[item] = bias[item] + dotAt(row, 0, items, item, n * factors)
  }

  foldRow(history: readonly HistoryEntry[]): Float32Array {
    return rowWithBias(this.#factorsOf(history))
  }

  /** The samples' rows side by side. */
  #factorsOf(history: readonly HistoryEntry[]): Float64Array {
    const { n, factors, scale } = this.#samples
    const row = new Float64Array(n * factors)
    for (let sample = 0; sample < n; sample++) {
      const x = foldIn(history, this.#samples, sample)
      for (let f = 0; f < factors; f++) row[sample * factors + f] = scale * x[f]
    }
    return row
  }

  /** x = μ + A⁻¹ Σ (share·Λy + αc(t − ⟨g, μ⟩)g) is linear in what the entries say beyond the prior of a stranger. */
  explain(history: readonly HistoryEntry[], itemIndex: number, contributions: Float32Array): void {
    const { n, factors, items, scale } = this.#samples
    contributions.fill(0)
    for (let sample = 0; sample < n && history.length > 0; sample++) {
      const { precision, mean, alpha } = equationsOf(history, this.#samples, sample)
      const q = new Float64Array(factors + 1)
      for (let f = 0; f < factors; f++) q[f] = scale * items[itemIndex * n * factors + sample * factors + f]
      const z = solve(precision, q)
      const byTerm = this.#samples.terms && lambdaTimes(this.#samples, sample, z)
      history.forEach((entry, at) => {
        const { feature, target, weight } = featureOf(entry, this.#samples, sample)
        contributions[at] +=
          alpha *
          weight *
          dotAt(z, 0, feature, 0, factors + 1) *
          (target - dotAt(feature, 0, mean, 0, factors + 1))
        if (byTerm)
          contributions[at] += termProduct(entry, this.#samples, sample, byTerm) / Math.sqrt(history.length)
      })
    }
  }

  scoreSimilar(itemIndex: number, similarity: Float32Array): void {
    this.#factors.scoreSimilar(itemIndex, similarity)
  }

  ranking(): FactorRanking {
    return this.#factors.ranking() as FactorRanking
  }
}

const noRidge = { reg: 1, damping: 1, regBias: 1, biasDamping: 1 }

/** All that folding in needs; factors are those of the model, the items' divided by n. */
interface SampleSet {
  readonly n: number
  readonly factors: number
  readonly items: Float32Array
  /** nItems × n */
  readonly itemBiases: Float32Array
  /** nItems × n */
  readonly itemPrecisions: Float32Array
  readonly precisions: Float32Array
  readonly means: Float32Array
  readonly alphas: Float32Array
  /** nItems × n × order: what an item says of those who have rated it. */
  readonly terms: Float32Array | undefined
  readonly mean: number
  readonly scale: number
}

function sampleSetOf(state: ModelState): SampleSet {
  const { factors, implicit } = state.params as SvdParams
  const n = Math.max(1, (state.tensors.userFactors?.width ?? factors) / factors)
  const order = factors + 1
  return {
    ...{ n, factors },
    items: tensorOf(state, 'itemFactors', 'item', n * factors),
    itemBiases: tensorOf(state, 'itemBiasSamples', 'item', n),
    itemPrecisions: tensorOf(state, 'itemPrecision', 'item', n),
    precisions: tensorOf(state, 'priorPrecision', 'model', n * order * order),
    means: tensorOf(state, 'priorMean', 'model', n * order),
    alphas: tensorOf(state, 'noisePrecision', 'model', n),
    terms: implicit ? tensorOf(state, 'itemTerms', 'item', n * order) : undefined,
    mean: tensorOf(state, 'mean', 'model', 1)[0],
    scale: scaleOf(state.ratingRange),
  }
}

/** The mean of a user's row given one sample of the items: factors and bias. */
function foldIn(history: readonly HistoryEntry[], set: SampleSet, sample: number): Float64Array {
  const { precision, right, prior, alpha } = equationsOf(history, set, sample)
  if (history.length === 0) return prior
  const order = prior.length
  for (let f = 0; f < order; f++) right[f] *= alpha
  const x = solve(precision, right)
  for (let f = 0; f < order; f++) x[f] += prior[f]
  return x
}

/**
 * A = Λ + α Σ c·g·gᵀ and Σ c(t − ⟨g, m⟩)g with m = μ + Σ y/√n, or μ without terms; a stranger's noise is as
 * everybody's.
 */
function equationsOf(history: readonly HistoryEntry[], set: SampleSet, sample: number) {
  const order = set.factors + 1
  const alpha = set.alphas[sample]
  const precision = Float64Array.from(
    set.precisions.subarray(sample * order * order, (sample + 1) * order * order),
  )
  const mean = Float64Array.from(set.means.subarray(sample * order, (sample + 1) * order))
  const prior = describedBy(history, set, sample, mean)
  const right = new Float64Array(order)
  for (const entry of history) {
    const { feature, target, weight } = featureOf(entry, set, sample)
    const rest = weight * (target - dotAt(feature, 0, prior, 0, order))
    for (let f = 0; f < order; f++) {
      right[f] += rest * feature[f]
      for (let g = 0; g < order; g++) precision[f * order + g] += alpha * weight * feature[f] * feature[g]
    }
  }
  // Rounded apart, the two triangles may differ in the last bit.
  for (let f = 0; f < order; f++) {
    for (let g = 0; g < f; g++) precision[g * order + f] = precision[f * order + g]
  }
  return { precision, right, mean, prior, alpha }
}

/** μ + Σ y/√n */
function describedBy(
  history: readonly HistoryEntry[],
  { n, factors, terms }: SampleSet,
  sample: number,
  mean: Float64Array,
): Float64Array {
  const prior = mean.slice()
  if (terms === undefined) return prior
  const order = factors + 1
  for (const { itemIndex } of history) {
    const start = (itemIndex * n + sample) * order
    for (let f = 0; f < order; f++) prior[f] += terms[start + f] / Math.sqrt(history.length)
  }
  return prior
}

/** Λz */
function lambdaTimes({ factors, precisions }: SampleSet, sample: number, z: Float64Array): Float64Array {
  const order = factors + 1
  return z.map((_, f) => dotAt(precisions, sample * order + f, z, 0, order))
}

function termProduct(
  { itemIndex }: HistoryEntry,
  { n, factors, terms }: SampleSet,
  sample: number,
  z: Float64Array,
) {
  return terms ? dotAt(terms, itemIndex * n + sample, z, 0, factors + 1) : 0
}

function featureOf({ itemIndex, rating }: HistoryEntry, set: SampleSet, sample: number) {
  const { n, factors, items, itemBiases, itemPrecisions, mean, scale } = set
  const feature = new Float64Array(factors + 1).fill(1)
  const start = (itemIndex * n + sample) * factors
  for (let f = 0; f < factors; f++) feature[f] = n * items[start + f]
  const target = (rating - mean) / scale - itemBiases[itemIndex * n + sample]
  return { feature, target, weight: itemPrecisions[itemIndex * n + sample] }
}

function solve(symmetric: Float64Array, right: Float64Array): Float64Array {
  const order = right.length
  const decomposition = new CholeskyDecomposition(Matrix.from1DArray(order, order, symmetric))
  return Float64Array.from(decomposition.solve(Matrix.columnVector(right)).to1DArray())
}
