import { meanRating } from '../../dataset/training-mean.ts'
import type { Csr, TrainingSet } from '../../dataset/types.ts'
import type { Compute } from '../../kernels/compute.ts'
import { normalAt, RandomStream } from '../../kernels/random.ts'
import { diverged } from '../diverged.ts'
import { scaleOf } from '../ridge.ts'
import type { EpochReport, FitContext, FitState, Model, Params } from '../types.ts'
import { gibbsModel } from './gibbs-model.ts'
import { drawRowPrior, type RowPrior } from './hyperparameters.ts'
import { ImplicitTerm, implicitBytes } from './implicit-term.ts'
import { KeptSamples, type PosteriorSample } from './kept-samples.ts'
import type { SvdParams } from './parameters.ts'
import { momentsOf } from './row-moments.ts'
import { TimeTerm, timeBytes } from './time-term.ts'

/** One side of the factorisation in shared memory; rows are factors, bias, zeros. */
interface Side {
  readonly nRows: number
  readonly rowStarts: Int32Array
  readonly columns: Int32Array
  /** (rating − mean) / scale */
  readonly ratings: Float32Array
  /** The same, less what the time says. */
  readonly values: Float32Array
  readonly samples: Float32Array
  readonly means: Float32Array
  readonly squares: Float64Array
  /** τ: how much more precise than others the ratings of a row are. */
  readonly precisions: Float64Array
  /** α·τ and √τ, as the kernel takes them. */
  readonly alphas: Float32Array
  readonly roots: Float32Array
}

/** Precision of the noise that the chain starts with, on a scale of 1 to 5. */
const firstAlpha = 2

/**
 * ν: ratings that the prior of a row's noise counts for. With all rows alike the RMSE is .004 higher on MovieLens 1M and
 * .007 on 100K; from 20 to 40 it makes no difference.
 */
const noiseDegrees = 30

/** Floats a row: factors and bias, up to a multiple of 8. */
export function gibbsStride(factors: number): number {
  return (factors + 8) & ~7
}

function scratchBytes(factors: number): number {
  const width = (factors + 9) & ~7
  return 4 * width * (64 + width)
}

/** Bytes of shared memory, scratch for 64 threads included. */
export function gibbsBytes(train: TrainingSet, params: SvdParams): number {
  const { factors, implicit, time, timeBins } = params
  const { nUsers, nItems } = train
  const nRows = nUsers + nItems
  const stride = gibbsStride(factors)
  const slots = 4 * stride * stride * 18
  const nEntries = train.byUser.columns.length
  const terms = implicit ? implicitBytes(nRows, nRows, stride) : 0
  const times = time ? timeBytes(nEntries, nUsers, nItems, timeBins) : 0
  return nRows * (8 * stride + 28) + nEntries * 16 + 64 * scratchBytes(factors) + slots + terms + times
}

/**
 * Bayesian matrix factorisation by Gibbs sampling (BPMF: Salakhutdinov & Mnih 2008) with biases as further columns and
 * the noise's precision drawn too, of every user and every item apart: some rate with more care than others (robust
 * matrix factorisation: Lakshminarayanan, Bouchard & Archambeau 2011). What is kept of a draw is the items' sample and, given that, the mean of each user:
 * averaging the mean instead of a sample of it has the same expectation and less variance (Rao & Blackwell), and it is
 * what folding in a new user computes.
 */
export async function fitByGibbs(train: TrainingSet, params: Params, context: FitContext): Promise<Model> {
  const largest = scaleOf(train.ratingRange) ** 2
  if (!Number.isFinite(Math.fround(largest))) throw diverged(1, largest)
  const chain = new GibbsChain(train, params as SvdParams, context)
  const { epochs } = params as SvdParams
  const { nUsers, nItems, ratingRange } = train
  const state: FitState = {
    model: () =>
      gibbsModel({ algorithm: 'svd', params, nUsers, nItems, ratingRange, tensors: chain.tensors() }),
    arrays: () => chain.arrays(),
  }
  for (let epoch = (context.resume?.epoch ?? 0) + 1; epoch <= epochs; epoch++) {
    const report = await chain.draw(epoch)
    if (!Number.isFinite(report.metrics.loss)) throw diverged(epoch, report.metrics.loss)
    if ((await context.onEpoch?.(report, state)) === 'stop') break
  }
  return await state.model()
}

class GibbsChain {
  readonly #params: SvdParams
  readonly #context: FitContext
  readonly #users: Side
  readonly #items: Side
  readonly #nRatings: number
  readonly #mean: number
  readonly #scale: number
  readonly #kept: KeptSamples
  readonly #userTerm: ImplicitTerm | undefined
  readonly #itemTerm: ImplicitTerm | undefined
  readonly #time: TimeTerm | undefined
  /** Precision of the noise, before rows differ. */
  #alpha = firstAlpha

  constructor(train: TrainingSet, params: SvdParams, context: FitContext) {
    this.#params = params
    this.#context = context
    this.#mean = meanRating(train)
    this.#scale = scaleOf(train.ratingRange)
    this.#nRatings = train.byUser.columns.length
    const { factors, implicit, time, timeBins } = params
    const { compute } = context
    const makeSide = (csr: Csr) =>
      sideOf(csr, { factors, mean: this.#mean, scale: this.#scale, isTimed: time }, compute)
    this.#users = makeSide(train.byUser)
    this.#items = makeSide(train.byItem)
    if (implicit) {
      this.#userTerm = new ImplicitTerm(this.#users, this.#items, factors + 1, compute)
      this.#itemTerm = new ImplicitTerm(this.#items, this.#users, factors + 1, compute)
    }
    if (time) this.#time = new TimeTerm(train, timeBins, compute)
    this.#kept = new KeptSamples(train, params)
    if (context.resume) this.#restore(context.resume.arrays)
    else this.#initialise()
  }

  #initialise(): void {
    const { factors } = this.#params
    const { samples, nRows } = this.#items
    const stride = gibbsStride(factors)
    for (let row = 0; row < nRows; row++) {
      for (let f = 0; f < factors; f++) {
        samples[row * stride + f] = 0.1 * normalAt(this.#context.seed, row * factors + f)
      }
    }
  }

  /** One draw of everything: noise, users' prior and rows, items' prior and rows. */
  async draw(epoch: number): Promise<EpochReport> {
    const { epochs, burnIn } = this.#params
    const random = new RandomStream(streamSeed(this.#context.seed, epoch, 2))
    const seeds = [0, 1, 3, 4, 5, 6].map((use) => streamSeed(this.#context.seed, epoch, use))
    if (epoch > 1) await this.#drawTimes(random, [seeds[2], seeds[3]])
    const userPrior = await this.#drawPrior(this.#users, this.#userTerm, random, epoch, seeds[4])
    await this.#drawRows(this.#users, this.#items, userPrior, this.#userTerm, seeds[0])
    this.#drawPrecisions(this.#users, random)
    if (this.#kept.offer(epoch, this.#sample(userPrior), Math.min(burnIn, epochs - 1))) this.#time?.keep()
    const itemPrior = await this.#drawPrior(this.#items, this.#itemTerm, random, epoch, seeds[5])
    await this.#drawRows(this.#items, this.#users, itemPrior, this.#itemTerm, seeds[1])
    this.#drawPrecisions(this.#items, random)
    this.#drawAlpha(random)
    const { squares } = this.#items
    const loss = squares.reduce((sum, value) => sum + value, 0) / Math.max(1, this.#nRatings)
    return { epoch, nEpochs: epochs, metrics: { loss, noise: this.#scale / Math.sqrt(this.#alpha) } }
  }

  /** τ ~ Gamma(ν/2 + n/2, ν/2 + α·SSE/2) of every row. */
  #drawPrecisions(side: Side, random: RandomStream): void {
    const { rowStarts, squares, precisions } = side
    for (let row = 0; row < side.nRows; row++) {
      const n = rowStarts[row + 1] - rowStarts[row]
      const rate = (noiseDegrees + this.#alpha * squares[row]) / 2
      precisions[row] = random.gamma((noiseDegrees + n) / 2) / rate
      side.roots[row] = Math.sqrt(precisions[row])
      side.alphas[row] = this.#alpha * precisions[row]
    }
  }

  /** α ~ Gamma(1 + n/2, 1 + SSE/2), on a scale of 1 to 5. */
  #drawAlpha(random: RandomStream): void {
    const { squares, precisions } = this.#items
    const total = squares.reduce((sum, value, row) => sum + value * precisions[row], 0)
    this.#alpha = random.gamma(1 + this.#nRatings / 2) / (1 + total / 2)
    for (const side of [this.#users, this.#items]) {
      for (let row = 0; row < side.nRows; row++) side.alphas[row] = this.#alpha * side.precisions[row]
    }
  }

  async #drawTimes(random: RandomStream, seeds: readonly [number, number]): Promise<void> {
    const sides = { users: this.#users, items: this.#items, factors: this.#params.factors }
    await this.#time?.draw(sides, random, seeds, this.#context.compute)
  }

  #sample(prior: RowPrior): PosteriorSample {
    const [users, items] = [this.#users, this.#items]
    return {
      ...{ prior, alpha: this.#alpha, userPrecisions: users.precisions, itemPrecisions: items.precisions },
      ...{
        users: users.means,
        userSamples: users.samples,
        items: items.samples,
        terms: this.#userTerm?.terms,
      },
    }
  }

  async #drawPrior(
    side: Side,
    term: ImplicitTerm | undefined,
    random: RandomStream,
    epoch: number,
    seed: number,
  ): Promise<RowPrior> {
    const order = this.#params.factors + 1
    const { compute } = this.#context
    // Before anything is known of the rows a weak prior at 0 takes the place of theirs.
    if (epoch === 1 && side === this.#users) return weakPrior(order)
    if (term) return term.draw(side.samples, random, seed, compute)
    return drawRowPrior(await momentsOf(side.samples, side, order, compute), random)
  }

  async #drawRows(
    own: Side,
    other: Side,
    prior: RowPrior,
    term: ImplicitTerm | undefined,
    seed: number,
  ): Promise<void> {
    const { compute, signal } = this.#context
    const { factors } = this.#params
    await compute.scoped(async () => {
      const precision = compute.float32(prior.precision.length)
      precision.set(prior.precision)
      const mean = compute.float32(gibbsStride(factors))
      mean.set(prior.mean)
      const priors = term ? [term.priors, 1] : [mean, 0]
      await compute.run({
        kernel: 'gibbs_rows',
        nRows: own.nRows,
        scratchBytes: scratchBytes(factors),
        args: [
          ...[own.rowStarts, own.columns, own.values, own.samples, own.means, other.samples, factors],
          ...[gibbsStride(factors), own.alphas, other.roots, precision, ...priors, seed, own.squares],
        ],
        signal,
      })
    })
  }

  tensors() {
    return { ...this.#kept.tensors(this.#mean, this.#scale), ...this.#time?.tensors(this.#scale) }
  }

  arrays() {
    const { samples: users } = this.#users
    const { samples: items } = this.#items
    return {
      ...{ users, items, alpha: Float64Array.of(this.#alpha), ...this.#kept.arrays() },
      ...{ userPrecisions: this.#users.precisions, itemPrecisions: this.#items.precisions },
      ...{ ...this.#userTerm?.arrays('user'), ...this.#itemTerm?.arrays('item'), ...this.#time?.arrays() },
    }
  }

  #restore(arrays: NonNullable<FitContext['resume']>['arrays']): void {
    this.#users.samples.set(arrays.users)
    this.#items.samples.set(arrays.items)
    this.#alpha = arrays.alpha[0]
    this.#users.precisions.set(arrays.userPrecisions)
    this.#items.precisions.set(arrays.itemPrecisions)
    for (const side of [this.#users, this.#items]) {
      for (let row = 0; row < side.nRows; row++) {
        side.roots[row] = Math.sqrt(side.precisions[row])
        side.alphas[row] = this.#alpha * side.precisions[row]
      }
    }
    this.#kept.restore(arrays)
    this.#userTerm?.restore('user', arrays)
    this.#itemTerm?.restore('item', arrays)
    this.#time?.restore(arrays)
  }
}

/** Different for every epoch and every use in it. */
function streamSeed(seed: number, epoch: number, use: number): number {
  return (Math.imul(seed, 0x9e3779b1) ^ Math.imul(3 * epoch + use + 1, 0x85ebca6b)) | 0
}

interface SideOptions {
  readonly factors: number
  readonly mean: number
  readonly scale: number
  readonly isTimed: boolean
}

function sideOf(csr: Csr, { factors, mean, scale, isTimed }: SideOptions, compute: Compute): Side {
  const stride = gibbsStride(factors)
  const rowStarts = compute.int32(csr.nRows + 1)
  rowStarts.set(csr.rowStarts)
  const columns = compute.int32(csr.columns.length)
  columns.set(csr.columns)
  const ratings = compute.float32(csr.values.length)
  for (let entry = 0; entry < ratings.length; entry++) ratings[entry] = (csr.values[entry] - mean) / scale
  const values = isTimed ? compute.float32(ratings.length) : ratings
  if (isTimed) values.set(ratings)
  return {
    ...{ nRows: csr.nRows, rowStarts, columns, ratings, values },
    samples: compute.float32(csr.nRows * stride),
    means: compute.float32(csr.nRows * stride),
    squares: compute.float64(csr.nRows),
    precisions: new Float64Array(csr.nRows).fill(1),
    alphas: compute.float32(csr.nRows).fill(firstAlpha),
    roots: compute.float32(csr.nRows).fill(1),
  }
}

function weakPrior(order: number): RowPrior {
  const precision = new Float32Array(order * order)
  for (let f = 0; f < order; f++) precision[f * order + f] = 10
  return { precision, mean: new Float32Array(order) }
}
