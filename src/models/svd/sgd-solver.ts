import { meanRating } from '../../dataset/training-mean.ts'
import type { TrainingSet } from '../../dataset/types.ts'
import { averageRow } from '../average-row.ts'
import { diverged } from '../diverged.ts'
import { factorModel } from '../factor-model.ts'
import { scaleOf } from '../ridge.ts'
import { allocateStrata, fillStrata, nBlocks, type Strata, strataBytes } from '../strata.ts'
import type { FitContext, FitState, Model, ModelState, Params, Tensor } from '../types.ts'
import type { SvdParams } from './parameters.ts'

/** Floats a row: factors and, from a multiple of 4 on, the bias and zeros. */
function strideOf(factors: number): number {
  return ((factors + 3) & ~3) + 4
}

export function sgdBytes(train: TrainingSet, { factors }: SvdParams): number {
  return strataBytes(train.byUser) + 4 * strideOf(factors) * (train.nUsers + train.nItems) + 1024
}

/** Epochs that go through the entries in one order. */
const epochsPerOrder = 10

/** The penalty of a bias for one of a factor. */
const biasShare = 0.1

interface Descent {
  readonly strata: Strata
  readonly users: Float32Array
  readonly items: Float32Array
  /** Σ e² of each user block. */
  readonly squares: Float64Array
}

/**
 * Stochastic gradient descent (Funk 2006; Koren, Bell & Volinsky 2009) over strata of blocks, so that threads never meet
 * on a row (DSGD: Gemulla et al. 2011). The learning rate falls by a constant factor from epoch to epoch.
 */
export async function fitBySgd(train: TrainingSet, params: Params, context: FitContext): Promise<Model> {
  const resolved = params as SvdParams
  const mean = meanRating(train)
  const scale = scaleOf(train.ratingRange)
  const { nUsers, nItems, ratingRange } = train
  const target = (rating: number) => (rating - mean) / scale
  const descent = await startDescent(train, resolved, target, context)
  let isFirst = true
  const state: FitState = {
    model: () =>
      restoreSgd({
        algorithm: 'svd',
        params,
        nUsers,
        nItems,
        ratingRange,
        tensors: tensorsOf(descent, train, resolved, mean),
      }),
    arrays: () => ({ users: descent.users, items: descent.items }),
  }
  for (let epoch = (context.resume?.epoch ?? 0) + 1; epoch <= resolved.epochs; epoch++) {
    if (isFirst || (epoch - 1) % epochsPerOrder === 0) {
      const order = Math.floor((epoch - 1) / epochsPerOrder)
      const orderSeed = Math.imul(context.seed + 1, 0x9e3779b1) + order
      await fillStrata(descent.strata, orderSeed, context.compute)
    }
    isFirst = false
    await descend(descent, resolved, epoch, context)
    const loss =
      descent.squares.reduce((sum, value) => sum + value, 0) / Math.max(1, train.byUser.columns.length)
    if (!Number.isFinite(loss)) throw diverged(epoch, loss)
    const report = { epoch, nEpochs: resolved.epochs, metrics: { loss, trainRmse: scale * Math.sqrt(loss) } }
    if ((await context.onEpoch?.(report, state)) === 'stop') break
  }
  return await state.model()
}

async function startDescent(
  train: TrainingSet,
  { factors }: SvdParams,
  target: (rating: number) => number,
  { compute, seed, resume }: FitContext,
): Promise<Descent> {
  const stride = strideOf(factors)
  const descent = {
    strata: allocateStrata(train.byUser, target, compute),
    users: compute.float32(train.nUsers * stride),
    items: compute.float32(train.nItems * stride),
    squares: compute.float64(nBlocks),
  }
  if (resume) {
    descent.users.set(resume.arrays.users)
    descent.items.set(resume.arrays.items)
    return descent
  }
  for (const [side, rows] of [descent.users, descent.items].entries()) {
    const args = [rows, stride, factors, 0.1, seed + side]
    await compute.run({ kernel: 'normal_rows', nRows: rows.length / stride, args })
  }
  return descent
}

/** One pass over all entries, stratum by stratum. */
async function descend(
  { strata, users, items, squares }: Descent,
  { factors, learningRate, rateDecay, reg }: SvdParams,
  epoch: number,
  { compute, signal }: FitContext,
): Promise<void> {
  squares.fill(0)
  const rate = learningRate * rateDecay ** (epoch - 1)
  const { blockStarts, users: entryUsers, items: entryItems, values } = strata
  // The number of the stratum is written in by each step.
  const entries = [blockStarts, nBlocks, 0, entryUsers, entryItems, values]
  const args = [...entries, users, items, strideOf(factors), rate, reg, biasShare * reg, squares]
  const steps = { argument: 2, count: nBlocks }
  await compute.run({
    kernel: 'sgd_blocks',
    nRows: nBlocks,
    rowsPerRange: 1,
    scratchBytes: 128,
    args,
    steps,
    signal,
  })
}

function tensorsOf({ users, items }: Descent, train: TrainingSet, { factors }: SvdParams, mean: number) {
  const scale = scaleOf(train.ratingRange)
  const stride = strideOf(factors)
  const tensors: Record<string, Tensor> = { mean: { axis: 'model', width: 1, data: Float32Array.of(mean) } }
  for (const [axis, rows, { rowStarts }, factor] of [
    ['user', users, train.byUser, scale],
    ['item', items, train.byItem, 1],
  ] as const) {
    const isRated = (row: number) => rowStarts[row + 1] > rowStarts[row]
    const average = averageRow(rows, stride, isRated)
    const columns = (from: number, width: number, times: number): Tensor => {
      const data = new Float32Array((rows.length / stride) * width)
      for (let row = 0, at = 0; at < data.length; row++) {
        const source = isRated(row) ? rows : average
        const start = (isRated(row) ? row * stride : 0) + from
        for (let column = 0; column < width; column++) data[at++] = times * source[start + column]
      }
      return { axis, width, data }
    }
    tensors[`${axis}Factors`] = columns(0, factors, factor)
    tensors[`${axis}Bias`] = columns(stride - 4, 1, scale)
  }
  return tensors
}

export function restoreSgd(state: ModelState): Model {
  const { reg } = state.params as SvdParams
  const penalty = Math.max(reg, 1e-6)
  // The users' factors carry the scale: what is folded in is s times as large, with items as they are.
  const ridge = { reg: penalty, damping: 0, regBias: biasShare * penalty, biasDamping: 0 }
  return factorModel(state, { ridge, nonNegative: false })
}
