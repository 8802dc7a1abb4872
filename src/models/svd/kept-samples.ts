import type { TrainingSet } from '../../dataset/types.ts'
import type { CheckpointArrays, Tensor } from '../types.ts'
import type { RowPrior } from './hyperparameters.ts'
import type { SvdParams } from './parameters.ts'

/** One draw: rows are factors, bias, zeros, `stride` floats each. */
export interface PosteriorSample {
  readonly prior: RowPrior
  readonly alpha: number
  /** τ of every user and of every item. */
  readonly userPrecisions: Float64Array
  readonly itemPrecisions: Float64Array
  /** Means of the users given the items. */
  readonly users: Float32Array
  readonly userSamples: Float32Array
  readonly items: Float32Array
  /** What an item says of the users who have rated it, where the model has that. */
  readonly terms: Float32Array | undefined
}

/** The draws that the model is made of, thinned out evenly; before the first the newest one of the burn-in. */
export class KeptSamples {
  readonly #train: TrainingSet
  readonly #params: SvdParams
  readonly #order: number
  readonly #stride: number
  /** nUsers × capacity × order, nItems × capacity × order */
  readonly #users: Float32Array
  readonly #items: Float32Array
  readonly #terms: Float32Array | undefined
  readonly #precisions: Float32Array
  readonly #means: Float32Array
  readonly #alphas: Float32Array
  /** Σ over the draws of (x − m)ᵀ M (x − m) of each user, M the mean square of the items' (q, 1). */
  readonly #spread: Float64Array
  /** τ of the items, nItems × capacity, and Σ 1/τ of the users. */
  readonly #itemPrecisions: Float32Array
  readonly #userNoise: Float64Array
  #count = 0

  constructor(train: TrainingSet, params: SvdParams) {
    const { factors } = params
    const capacity = capacityOf(params)
    this.#train = train
    this.#params = params
    this.#order = factors + 1
    this.#stride = (factors + 8) & ~7
    this.#users = new Float32Array(train.nUsers * capacity * this.#order)
    this.#items = new Float32Array(train.nItems * capacity * this.#order)
    this.#terms = params.implicit ? new Float32Array(this.#items.length) : undefined
    this.#precisions = new Float32Array(capacity * this.#order ** 2)
    this.#means = new Float32Array(capacity * this.#order)
    this.#alphas = new Float32Array(capacity)
    this.#spread = new Float64Array(train.nUsers)
    this.#itemPrecisions = new Float32Array(train.nItems * capacity)
    this.#userNoise = new Float64Array(train.nUsers)
  }

  /** Keeps the draw if it is the epoch's turn. @returns whether it was */
  offer(epoch: number, sample: PosteriorSample, burnIn: number): boolean {
    const isKept = epoch > burnIn && this.#isDue(epoch - burnIn, this.#params.epochs - burnIn)
    if (!isKept && this.#count > 0) return false
    const slot = this.#count
    this.#store(slot, sample)
    if (slot === 0) {
      this.#spread.fill(0)
      this.#userNoise.fill(0)
    }
    this.#addSpread(sample)
    if (isKept) this.#count++
    return isKept
  }

  /** The j-th of `capacity` draws is due when j/capacity of all that count are done. */
  #isDue(draw: number, nDraws: number): boolean {
    const capacity = capacityOf(this.#params)
    return Math.floor((draw * capacity) / nDraws) > Math.floor(((draw - 1) * capacity) / nDraws)
  }

  #store(slot: number, sample: PosteriorSample): void {
    const { prior, alpha, users, items, userPrecisions, itemPrecisions, terms } = sample
    const [order, stride] = [this.#order, this.#stride]
    const capacity = capacityOf(this.#params)
    const copy = (into: Float32Array, from: Float32Array, nRows: number) => {
      for (let row = 0; row < nRows; row++) {
        const start = row * stride
        into.set(from.subarray(start, start + order), (row * capacity + slot) * order)
      }
    }
    copy(this.#users, users, this.#train.nUsers)
    copy(this.#items, items, this.#train.nItems)
    if (this.#terms && terms) copy(this.#terms, terms, this.#train.nItems)
    this.#precisions.set(prior.precision, slot * order * order)
    this.#means.set(prior.mean, slot * order)
    this.#alphas[slot] = alpha
    for (let item = 0; item < this.#train.nItems; item++) {
      this.#itemPrecisions[item * capacity + slot] = itemPrecisions[item]
    }
    for (let user = 0; user < this.#train.nUsers; user++) this.#userNoise[user] += 1 / userPrecisions[user]
  }

  #addSpread({ users, userSamples, items }: PosteriorSample): void {
    const [order, stride] = [this.#order, this.#stride]
    const squares = itemSquares(items, this.#train.nItems, order, stride)
    const difference = new Float64Array(order)
    for (let user = 0; user < this.#train.nUsers; user++) {
      for (let f = 0; f < order; f++)
        difference[f] = userSamples[user * stride + f] - users[user * stride + f]
      let total = 0
      for (let f = 0; f < order; f++) {
        let sum = 0
        for (let g = 0; g < order; g++) sum += squares[f * order + g] * difference[g]
        total += difference[f] * sum
      }
      this.#spread[user] += total
    }
  }

  tensors(mean: number, scale: number): Readonly<Record<string, Tensor>> {
    const n = Math.max(1, this.#count)
    const { nUsers, nItems } = this.#train
    const parts = { n, factors: this.#params.factors, capacity: capacityOf(this.#params) }
    const users = splitRows(this.#users, nUsers, { ...parts, factorScale: scale })
    const items = splitRows(this.#items, nItems, { ...parts, factorScale: 1 / n })
    const model = (data: Float32Array): Tensor => ({ axis: 'model', width: data.length, data })
    const order = this.#order
    return {
      userFactors: { axis: 'user', width: n * parts.factors, data: users.factors },
      itemFactors: { axis: 'item', width: n * parts.factors, data: items.factors },
      userBias: { axis: 'user', width: 1, data: averages(users.biases, n, scale) },
      itemBias: { axis: 'item', width: 1, data: averages(items.biases, n, scale) },
      itemPrecision: { axis: 'item', width: n, data: firstColumns(this.#itemPrecisions, parts.capacity, n) },
      userNoise: { axis: 'user', width: 1, data: Float32Array.from(this.#userNoise, (sum) => sum / n) },
      itemBiasSamples: { axis: 'item', width: n, data: items.biases },
      userVariance: {
        axis: 'user',
        width: 1,
        data: Float32Array.from(this.#spread, (sum) => (scale ** 2 * sum) / n),
      },
      mean: model(Float32Array.of(mean)),
      priorPrecision: model(this.#precisions.slice(0, n * order * order)),
      priorMean: model(this.#means.slice(0, n * order)),
      noisePrecision: model(this.#alphas.slice(0, n)),
      ...(this.#terms && {
        itemTerms: {
          axis: 'item',
          width: n * order,
          data: firstColumns(this.#terms, parts.capacity * order, n * order),
        },
      }),
    }
  }

  arrays(): CheckpointArrays {
    return {
      keptUsers: this.#users,
      keptItems: this.#items,
      precisions: this.#precisions,
      priorMeans: this.#means,
      alphas: this.#alphas,
      spread: this.#spread,
      keptItemPrecisions: this.#itemPrecisions,
      userNoise: this.#userNoise,
      keptCount: Int32Array.of(this.#count),
      ...(this.#terms && { keptTerms: this.#terms }),
    }
  }

  restore(arrays: CheckpointArrays): void {
    this.#users.set(arrays.keptUsers)
    this.#items.set(arrays.keptItems)
    this.#precisions.set(arrays.precisions)
    this.#means.set(arrays.priorMeans)
    this.#alphas.set(arrays.alphas)
    this.#spread.set(arrays.spread)
    this.#itemPrecisions.set(arrays.keptItemPrecisions)
    this.#userNoise.set(arrays.userNoise)
    this.#terms?.set(arrays.keptTerms)
    this.#count = arrays.keptCount[0]
  }
}

function capacityOf({ samples, epochs, burnIn }: SvdParams): number {
  return Math.max(1, Math.min(samples, epochs - Math.min(burnIn, epochs - 1)))
}

/** The mean of (q, 1)·(q, 1)ᵀ over the items, order × order. */
function itemSquares(items: Float32Array, nItems: number, order: number, stride: number): Float64Array {
  const squares = new Float64Array(order * order)
  const feature = new Float64Array(order).fill(1)
  for (let item = 0; item < nItems; item++) {
    for (let f = 0; f + 1 < order; f++) feature[f] = items[item * stride + f]
    for (let f = 0; f < order; f++) {
      for (let g = 0; g < order; g++) squares[f * order + g] += (feature[f] * feature[g]) / nItems
    }
  }
  return squares
}

interface Parts {
  readonly n: number
  readonly factors: number
  readonly capacity: number
  readonly factorScale: number
}

/** The factors of the first n samples side by side, scaled, and their biases. */
function splitRows(rows: Float32Array, nRows: number, { n, factors, capacity, factorScale }: Parts) {
  const order = factors + 1
  const [wide, biases] = [new Float32Array(nRows * n * factors), new Float32Array(nRows * n)]
  for (let row = 0; row < nRows; row++) {
    for (let sample = 0; sample < n; sample++) {
      const from = (row * capacity + sample) * order
      const to = (row * n + sample) * factors
      for (let f = 0; f < factors; f++) wide[to + f] = factorScale * rows[from + f]
      biases[row * n + sample] = rows[from + factors]
    }
  }
  return { factors: wide, biases }
}

/** The first n numbers of each row. */
function firstColumns(rows: Float32Array, width: number, n: number): Float32Array {
  return Float32Array.from(
    { length: (rows.length / width) * n },
    (_, at) => rows[Math.floor(at / n) * width + (at % n)],
  )
}

function averages(biases: Float32Array, n: number, scale: number): Float32Array {
  return Float32Array.from({ length: biases.length / n }, (_, row) => {
    let sum = 0
    for (let sample = 0; sample < n; sample++) sum += biases[row * n + sample]
    return (scale * sum) / n
  })
}
