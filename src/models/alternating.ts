import type { Csr, TrainingSet } from '../dataset/types.ts'
import type { RowJob } from '../kernels/compute.ts'
import { normalAt } from '../kernels/random.ts'
import { averageRow } from './average-row.ts'
import { diverged } from './diverged.ts'
import { bothSidesOutside } from './entries-outside.ts'
import { type Ridge, ridgeArguments } from './ridge.ts'
import type { EntriesOutside, EpochReport, FitContext, FitState, Model, Tensor } from './types.ts'

/**
 * What svd and nmf share: rating ≈ mean + b_u + b_i + ⟨p_u, q_i⟩, fitted by exact or near-exact half steps over the
 * users with the items held, then the other way round. Rows lie in shared memory as factors, bias, zeros.
 */
export interface AlternatingPlan {
  readonly kernel: 'als_rows' | 'nnls_rows'
  readonly nFactors: number
  readonly nEpochs: number
  readonly ridge: Ridge
  /** What the model adds to every prediction. */
  readonly mean: number
  readonly initial: InitialFactors
  /** Further arguments of the kernel. */
  readonly extra: readonly number[]
  readonly modelOf: (tensors: FactorTensors) => Model
}

/** Start of the items' factors: mean + deviation·N(0, 1), the absolute value of it where `nonNegative`. */
export interface InitialFactors {
  readonly mean: number
  readonly deviation: number
  readonly nonNegative: boolean
  readonly itemBias: number
}

export type FactorTensors = Readonly<
  Record<'userFactors' | 'itemFactors' | 'userBias' | 'itemBias' | 'mean', Tensor>
>

interface Side {
  readonly ratings: SharedCsr
  readonly rows: Float32Array
  readonly objective: Float64Array
}

interface SharedCsr {
  readonly nRows: number
  readonly rowStarts: Int32Array
  readonly columns: Int32Array
  readonly values: Float32Array
}

/** Floats a row: factors and bias, up to a multiple of 4. */
function strideOf(nFactors: number): number {
  return (nFactors + 4) & ~3
}

/** Bytes of one thread's scratch: a panel of 64 rows and a square of the panel's width. */
function scratchBytes(nFactors: number): number {
  const width = (nFactors + 9) & ~7
  return 4 * width * (64 + width)
}

/** Bytes of shared memory that `fitAlternating` takes, scratch for 64 threads included. */
export function alternatingBytes(train: TrainingSet, nFactors: number): number {
  const nRows = train.nUsers + train.nItems
  const nRatings = train.byUser.columns.length
  return nRows * (4 * strideOf(nFactors) + 12) + nRatings * 16 + 64 * scratchBytes(nFactors)
}

/** Columns and values of both sides. */
export function alternatingOutside(train: TrainingSet): EntriesOutside {
  return bothSidesOutside(train, { nArrays: 2, nCopied: 0 })
}

export async function fitAlternating(
  train: TrainingSet,
  plan: AlternatingPlan,
  context: FitContext,
): Promise<Model> {
  const users = makeSide(train.byUser, plan, context)
  const items = makeSide(train.byItem, plan, context)
  startRows(users, items, plan, context)
  const state: FitState = {
    model: () => plan.modelOf(extractTensors(filled(users, plan), filled(items, plan), plan)),
    arrays: () => ({ users: users.rows, items: items.rows }),
  }
  for (let epoch = (context.resume?.epoch ?? 0) + 1; epoch <= plan.nEpochs; epoch++) {
    await context.compute.run(halfStep(users, items, plan, context))
    await context.compute.run(halfStep(items, users, plan, context))
    const report = reportEpoch(epoch, users, items, plan)
    if (!Number.isFinite(report.metrics.loss)) throw diverged(epoch, report.metrics.loss)
    if ((await context.onEpoch?.(report, state)) === 'stop') break
  }
  return await state.model()
}

/** As they were when an interrupted training stopped, or new. */
function startRows(users: Side, items: Side, plan: AlternatingPlan, { resume, seed }: FitContext): void {
  if (resume) {
    users.rows.set(resume.arrays.users)
    items.rows.set(resume.arrays.items)
    return
  }
  initialise(items.rows, plan, seed)
  if (plan.kernel === 'nnls_rows') initialise(users.rows, plan, seed + 1)
}

function makeSide(csr: Csr, plan: AlternatingPlan, { compute }: FitContext): Side {
  const rowStarts = compute.int32(csr.nRows + 1)
  rowStarts.set(csr.rowStarts)
  return {
    ratings: {
      nRows: csr.nRows,
      rowStarts,
      columns: compute.entries(csr.columns),
      values: compute.entries(csr.values),
    },
    rows: compute.float32(csr.nRows * strideOf(plan.nFactors)),
    objective: compute.float64(csr.nRows),
  }
}

function initialise(rows: Float32Array, { nFactors, initial }: AlternatingPlan, seed: number): void {
  const stride = strideOf(nFactors)
  for (let start = 0; start < rows.length; start += stride) {
    for (let f = 0; f < nFactors; f++) {
      const value = initial.mean + initial.deviation * normalAt(seed, start + f)
      rows[start + f] = initial.nonNegative ? Math.abs(value) : value
    }
    rows[start + nFactors] = initial.itemBias
  }
}

function halfStep(own: Side, other: Side, plan: AlternatingPlan, { signal }: FitContext): RowJob {
  const { nRows, rowStarts, columns, values } = own.ratings
  const { nFactors, mean, ridge, kernel, extra } = plan
  const scalars = [nFactors, strideOf(nFactors), mean, ...ridgeArguments(ridge)]
  return {
    kernel,
    nRows,
    scratchBytes: scratchBytes(nFactors),
    rowStarts,
    args: [rowStarts, columns, values, own.rows, other.rows, ...scalars, own.objective, ...extra],
    signal,
  }
}

/**
 * loss = (Σ (rating − predicted)² + both sides' penalties) / ratings, the quantity that half steps lower; trainRmse
 * before clipping. Sums go row by row in one order, so that they do not depend on the threads.
 */
function reportEpoch(epoch: number, users: Side, items: Side, plan: AlternatingPlan): EpochReport {
  const nRatings = Math.max(1, items.ratings.rowStarts[items.ratings.nRows])
  const itemObjective = items.objective.reduce((sum, value) => sum + value, 0)
  const squares = Math.max(0, itemObjective - penaltyOf(items, plan))
  const loss = (itemObjective + penaltyOf(users, plan)) / nRatings
  return { epoch, nEpochs: plan.nEpochs, metrics: { loss, trainRmse: Math.sqrt(squares / nRatings) } }
}

/** The penalties of all rows that have ratings. */
function penaltyOf({ ratings, rows }: Side, { nFactors, ridge }: AlternatingPlan): number {
  const stride = strideOf(nFactors)
  let penalty = 0
  for (let row = 0; row < ratings.nRows; row++) {
    const start = row * stride
    let norm = 0
    for (let f = 0; f < nFactors; f++) norm += rows[start + f] ** 2
    const n = ratings.rowStarts[row + 1] - ratings.rowStarts[row]
    if (n === 0) continue
    penalty += (ridge.reg * n + ridge.damping) * norm
    penalty += (ridge.regBias * n + ridge.biasDamping) * rows[start + nFactors] ** 2
  }
  return penalty
}

/** A row without ratings gets the average of those that have some: the best guess about somebody unknown. */
function filled({ ratings, rows: trainedRows }: Side, { nFactors }: AlternatingPlan): Float32Array {
  const stride = strideOf(nFactors)
  const rows = trainedRows.slice()
  const trained = (row: number) => ratings.rowStarts[row + 1] > ratings.rowStarts[row]
  const average = averageRow(rows, stride, trained)
  for (let row = 0; row < ratings.nRows; row++) if (!trained(row)) rows.set(average, row * stride)
  return rows
}

function extractTensors(
  users: Float32Array,
  items: Float32Array,
  { nFactors, mean }: AlternatingPlan,
): FactorTensors {
  const factors = (axis: 'user' | 'item', rows: Float32Array): Tensor => ({
    axis,
    width: nFactors,
    data: cut(rows, nFactors, 0, nFactors),
  })
  const bias = (axis: 'user' | 'item', rows: Float32Array): Tensor => ({
    axis,
    width: 1,
    data: cut(rows, nFactors, nFactors, 1),
  })
  return {
    userFactors: factors('user', users),
    itemFactors: factors('item', items),
    userBias: bias('user', users),
    itemBias: bias('item', items),
    mean: { axis: 'model', width: 1, data: Float32Array.of(mean) },
  }
}

/** Columns [from, from + width) of every row, in memory that nobody shares. */
function cut(rows: Float32Array, nFactors: number, from: number, width: number): Float32Array {
  const stride = strideOf(nFactors)
  const out = new Float32Array((rows.length / stride) * width)
  for (let row = 0; row * stride < rows.length; row++) {
    const start = row * stride + from
    out.set(rows.subarray(start, start + width), row * width)
  }
  return out
}
