import { meanRating } from '../../dataset/training-mean.ts'
import type { TrainingSet } from '../../dataset/types.ts'
import { normalAt } from '../../kernels/random.ts'
import { diverged } from '../diverged.ts'
import { ratingBiasTensors } from '../rating-bias.ts'
import type { Algorithm, FitContext, FitState, Model, Params, Tensor } from '../types.ts'
import { alsModel } from './als-model.ts'
import { entryWeights, transposed } from './confidence.ts'
import { alsBytes, alsOutside, gramOf, halfStep, lossOf, makeSide, type Side, widthOf } from './half-steps.ts'
import { type AlsParams, parameters } from './parameters.ts'

/**
 * Matrix factorisation of implicit feedback by alternating least squares (iALS: Hu, Koren & Volinsky 2008) with an
 * unobserved weight and frequency-scaled regularisation (Rendle, Krichene, Zhang & Koren 2022):
 *
 *     Σ_observed c(1 − ŷ)² + α₀ Σ_all ŷ² + λ(Σ_u #u^ν‖x_u‖² + Σ_i #i^ν‖y_i‖²),  #u = n_u + α₀|I|,  #i = n_i + α₀|U|
 *
 * Ratings count as what was chosen, not how it was liked, unless `confidence` says so.
 */
export const als: Algorithm = {
  name: 'als',
  summary: 'implicit feedback by alternating least squares, for ranking',
  goal: 'ranking',
  parameters,
  settle,
  memoryBytes: (train, params, nThreads) => alsBytes(train, params as AlsParams, nThreads),
  entriesOutside: (train, params) => alsOutside(train, params as AlsParams),
  fit,
  restore: alsModel,
}

/**
 * What serves one data set as α₀ is wrong for another by a factor of a hundred; as a multiple of the density it is nearly the
 * same: the settings of Rendle et al. 2022 for MovieLens 20M and the Million Song Dataset and our own for Gowalla, MovieLens
 * 100K and 1M lie between 8 and 25 times.
 */
const weightByDensity = 15

function settle(params: Params, { nUsers, nItems, byUser }: TrainingSet): Params {
  if (params.unobservedWeight !== 0) return params
  const density = Math.max(1, byUser.columns.length) / Math.max(1, nUsers * nItems)
  const unobservedWeight = Number((weightByDensity * density).toPrecision(3))
  return { ...params, unobservedWeight }
}

async function fit(train: TrainingSet, given: Params, context: FitContext): Promise<Model> {
  const params = settle(given, train)
  const resolved = params as AlsParams
  const [users, items] = makeSides(train, resolved, context)
  const bias = ratingBiasTensors(train)
  const state: FitState = {
    model: async () => alsModel(await stateOf(train, params, { users, items, bias }, context)),
    arrays: () => ({ users: users.rows, items: items.rows }),
  }
  for (let epoch = (context.resume?.epoch ?? 0) + 1; epoch <= resolved.epochs; epoch++) {
    await halfStep(users, items, resolved, context)
    await halfStep(items, users, resolved, context)
    const loss = lossOf(items, users) / Math.max(1, train.byUser.columns.length)
    if (!Number.isFinite(loss)) throw diverged(epoch, loss)
    const report = { epoch, nEpochs: resolved.epochs, metrics: { loss } }
    if ((await context.onEpoch?.(report, state)) === 'stop') break
  }
  return await state.model()
}

function makeSides(
  train: TrainingSet,
  params: AlsParams,
  { compute, seed, resume }: FitContext,
): [Side, Side] {
  const weights = entryWeights(train, params, meanRating(train))
  const users = makeSide(train.byUser, weights, params.factors, compute)
  const items = makeSide(train.byItem, weights && transposed(train, weights), params.factors, compute)
  if (resume) {
    users.rows.set(resume.arrays.users)
    items.rows.set(resume.arrays.items)
  } else {
    initialise(items, params.factors, seed)
    initialise(users, params.factors, seed + 1)
  }
  return [users, items]
}

/** N(0, (0.1/√d)²), as in the recipe of Rendle et al. 2022. */
function initialise({ rows, nRows }: Side, factors: number, seed: number): void {
  const width = widthOf(factors)
  const deviation = 0.1 / Math.sqrt(factors)
  for (let row = 0; row < nRows; row++) {
    for (let f = 0; f < factors; f++) rows[row * width + f] = deviation * normalAt(seed, row * factors + f)
  }
}

async function stateOf(
  train: TrainingSet,
  params: Params,
  { users, items, bias }: { users: Side; items: Side; bias: Readonly<Record<string, Tensor>> },
  { compute }: FitContext,
) {
  const { factors } = params as AlsParams
  const width = widthOf(factors)
  const gram = await compute.scoped(async () =>
    cut(await gramOf(items, width, compute), factors, width, factors),
  )
  const { nUsers, nItems, ratingRange } = train
  const tensors: Record<string, Tensor> = {
    userFactors: { axis: 'user', width: factors, data: cut(users.rows, nUsers, width, factors) },
    itemFactors: { axis: 'item', width: factors, data: cut(items.rows, nItems, width, factors) },
    itemGram: { axis: 'model', width: factors ** 2, data: gram },
    ...bias,
  }
  return { algorithm: 'als' as const, params, nUsers, nItems, ratingRange, tensors }
}

/** The first `nRows` rows without what pads them, in memory that nobody shares. */
function cut(rows: Float32Array, nRows: number, width: number, factors: number): Float32Array {
  if (width === factors) return rows.slice(0, nRows * width)
  const out = new Float32Array(nRows * factors)
  for (let row = 0; row < nRows; row++)
    out.set(rows.subarray(row * width, row * width + factors), row * factors)
  return out
}
