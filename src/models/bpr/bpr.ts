import type { TrainingSet } from '../../dataset/types.ts'
import { diverged } from '../diverged.ts'
import { ratingBiasTensors } from '../rating-bias.ts'
import { allocateStrata, blockOf, fillStrata, nBlocks, type Strata, strataBytes } from '../strata.ts'
import type { Algorithm, FitContext, FitState, Model, Params, Tensor } from '../types.ts'
import { bprModel } from './bpr-model.ts'
import { type BprParams, parameters } from './parameters.ts'

/**
 * Bayesian personalised ranking (Rendle et al. 2009): what a user has chosen is to be scored above what they have not. The
 * item to compare with is drawn from the same block of items, and the blocks are drawn anew every epoch: so threads never
 * meet on a row, and the bytes do not depend on how many there are.
 */
export const bpr: Algorithm = {
  name: 'bpr',
  summary: 'pairwise ranking by stochastic gradient descent',
  goal: 'ranking',
  parameters,
  memoryBytes: (train, params) => {
    const rows = (train.nUsers + train.nItems) * strideOf((params as BprParams).factors)
    return strataBytes(train.byUser) + 4 * (rows + train.byUser.columns.length + train.nItems) + 4096
  },
  fit,
  restore: bprModel,
}

/** Floats a row: factors and, from a multiple of 4 on, the bias and zeros. */
function strideOf(factors: number): number {
  return ((factors + 3) & ~3) + 4
}

/** The penalty of a bias for one of a factor. */
const biasShare = 0.1

interface Descent {
  readonly strata: Strata
  readonly users: Float32Array
  readonly items: Float32Array
  readonly drawStarts: Int32Array
  readonly drawItems: Int32Array
  /** Σ ln(1 + e⁻ˣ) of each user block. */
  readonly losses: Float64Array
}

async function fit(train: TrainingSet, params: Params, context: FitContext): Promise<Model> {
  const resolved = params as BprParams
  const { nUsers, nItems, ratingRange } = train
  const descent = await startDescent(train, resolved, context)
  const bias = ratingBiasTensors(train)
  const state: FitState = {
    model: () => {
      const tensors = { ...bias, ...tensorsOf(descent, resolved) }
      return bprModel({ algorithm: 'bpr', params, nUsers, nItems, ratingRange, tensors })
    },
    arrays: () => ({ users: descent.users, items: descent.items }),
  }
  for (let epoch = (context.resume?.epoch ?? 0) + 1; epoch <= resolved.epochs; epoch++) {
    const loss = await descend(descent, train, resolved, epoch, context)
    if (!Number.isFinite(loss)) throw diverged(epoch, loss)
    const report = { epoch, nEpochs: resolved.epochs, metrics: { loss } }
    if ((await context.onEpoch?.(report, state)) === 'stop') break
  }
  return await state.model()
}

async function startDescent(
  { nUsers, nItems, byUser }: TrainingSet,
  { factors, negatives }: BprParams,
  { compute, seed, resume }: FitContext,
): Promise<Descent> {
  const stride = strideOf(factors)
  const descent = {
    strata: allocateStrata(byUser, () => 1, compute),
    users: compute.float32(nUsers * stride),
    items: compute.float32(nItems * stride),
    drawStarts: compute.int32(nBlocks + 1),
    drawItems: compute.int32(negatives === 'uniform' ? nItems : byUser.columns.length),
    losses: compute.float64(nBlocks),
  }
  if (resume) {
    descent.users.set(resume.arrays.users)
    descent.items.set(resume.arrays.items)
    return descent
  }
  for (const [side, rows] of [descent.users, descent.items].entries()) {
    const args = [rows, stride, factors, 0.1 / Math.sqrt(factors), seed + side]
    await compute.run({ kernel: 'normal_rows', nRows: rows.length / stride, args })
  }
  return descent
}

/** One pass over all entries, stratum by stratum. @returns the mean loss */
async function descend(
  descent: Descent,
  train: TrainingSet,
  { factors, learningRate, rateDecay, reg, candidates }: BprParams,
  epoch: number,
  { compute, signal, seed }: FitContext,
): Promise<number> {
  const epochSeed = (Math.imul(seed + 1, 0x9e3779b1) + epoch) | 0
  const { strata, users, items, drawStarts, drawItems, losses } = descent
  await fillStrata(strata, epochSeed, compute)
  fillDraws(descent, train, epochSeed)
  losses.fill(0)
  const rate = learningRate * rateDecay ** (epoch - 1)
  const rows = [users, items, strideOf(factors), rate, reg, biasShare * reg]
  // The number of the stratum is written in by each step.
  const entries = [strata.blockStarts, nBlocks, 0, strata.users, strata.items]
  const draws = [strata.rowStarts, strata.columns, drawStarts, drawItems, candidates, epochSeed]
  const args = [...entries, ...rows, ...draws, losses]
  const steps = { argument: 2, count: nBlocks }
  await compute.run({ kernel: 'bpr_blocks', nRows: nBlocks, rowsPerRange: 1, args, steps, signal })
  return losses.reduce((sum, value) => sum + value, 0) / Math.max(1, train.byUser.columns.length)
}

/** The items to draw from, by item block: each once, or as often as it was chosen. */
function fillDraws({ drawStarts, drawItems }: Descent, { nItems, byItem }: TrainingSet, seed: number): void {
  const isUniform = drawItems.length === nItems
  const times = (item: number) => (isUniform ? 1 : byItem.rowStarts[item + 1] - byItem.rowStarts[item])
  drawStarts.fill(0)
  // The blocks of `fillStrata` for items.
  const blocks = Uint8Array.from({ length: nItems }, (_, item) => blockOf(item, seed + 1))
  for (let item = 0; item < nItems; item++) drawStarts[blocks[item] + 1] += times(item)
  for (let block = 0; block < nBlocks; block++) drawStarts[block + 1] += drawStarts[block]
  const next = drawStarts.slice()
  for (let item = 0; item < nItems; item++) {
    drawItems.fill(item, next[blocks[item]], next[blocks[item]] + times(item))
    next[blocks[item]] += times(item)
  }
}

function tensorsOf({ users, items }: Descent, { factors }: BprParams): Record<string, Tensor> {
  const width = factors + 1
  const [userFactors, itemFactors] = [rowsOf(users, factors, 1), rowsOf(items, factors)]
  let squares = 0
  for (let at = 0; at < userFactors.length; at++) if (at % width < factors) squares += userFactors[at] ** 2
  const nUsers = Math.max(1, userFactors.length / width)
  return {
    userFactors: { axis: 'user', width, data: userFactors },
    itemFactors: { axis: 'item', width, data: itemFactors },
    userLength: { axis: 'model', width: 1, data: Float32Array.of(Math.sqrt(squares / nUsers)) },
  }
}

/** Factors and bias of each row, or factors and the given number. */
function rowsOf(rows: Float32Array, factors: number, last?: number): Float32Array {
  const [stride, width] = [strideOf(factors), factors + 1]
  const out = new Float32Array((rows.length / stride) * width)
  for (let row = 0; row * width < out.length; row++) {
    out.set(rows.subarray(row * stride, row * stride + factors), row * width)
    out[row * width + factors] = last ?? rows[(row + 1) * stride - 4]
  }
  return out
}
