import type { TrainingSet } from '../../dataset/types.ts'
import { neighboursModel, neighbourTensors, rowsBySource } from '../neighbours-model.ts'
import { ratingBiasTensors } from '../rating-bias.ts'
import type { Algorithm, FitContext, Model, Params } from '../types.ts'
import { needsDouble } from './condition.ts'
import { type EaseParams, parameters } from './parameters.ts'
import {
  invertGram,
  numbers,
  type SharedRows,
  shareRows,
  tiledInverseBytes,
  tileSize,
} from './tiled-inverse.ts'

/**
 * The shallow autoencoder in closed form (EASE: Steck 2019): B = I − P·diag(1/P_jj) with P = (XᵀX + λ)⁻¹ minimises
 * ‖X − XB‖² + λ‖B‖² under a diagonal of zeros. Where users are fewer than items, P comes from the inverse of
 * XXᵀ + λ (Woodbury), which is the smaller one. All of it is done in double precision where λ is so small that single
 * would show.
 */
export const ease: Algorithm = {
  name: 'ease',
  summary: 'linear autoencoder of items in closed form, for ranking',
  goal: 'ranking',
  parameters,
  memoryBytes: (train, params, nThreads) => {
    const { reg, neighbours } = params as EaseParams
    const isDouble = needsDouble(train, reg)
    return easeBytes(train, neighbours, isDouble, nThreads)[chooseRoad(train, isDouble)]
  },
  fit,
  restore: neighboursModel,
}

type Road = 'items' | 'users'

/** The road with less work; a matrix that 32-bit addresses do not reach is none. */
function chooseRoad(train: TrainingSet, isDouble: boolean): Road {
  const { nUsers, nItems, byUser } = train
  const spread = 6 * byUser.columns.length * (nUsers + nItems)
  const fits = (order: number) => tiledInverseBytes(order, isDouble) < 0.9 * 2 ** 32
  const work = { items: nItems ** 3, users: nUsers ** 3 + spread }
  if (!fits(nItems) && fits(nUsers)) return 'users'
  return work.users < work.items && fits(nUsers) ? 'users' : 'items'
}

/** Items whose rows of XᵀK are kept at once. */
function panelItems(nUsers: number, nItems: number): number {
  return Math.max(1, Math.min(nItems, Math.floor(2 ** 27 / Math.max(1, nUsers))))
}

function easeBytes(
  train: TrainingSet,
  neighbours: number,
  isDouble: boolean,
  nThreads: number,
): Record<Road, number> {
  const { nUsers, nItems, byUser } = train
  const k = Math.min(neighbours, nItems)
  const common = 8 * byUser.columns.length + 4 * (nUsers + nItems) + 8 * k * nItems
  const scratch = nThreads * 8 * (2 * tileSize ** 2 + Math.max(nUsers, nItems) + tileSize)
  const panel = (isDouble ? 8 : 4) * panelItems(nUsers, nItems) * (nUsers + tileSize)
  return {
    items: common + scratch + tiledInverseBytes(nItems, isDouble),
    users: common + scratch + tiledInverseBytes(nUsers, isDouble) + panel,
  }
}

/** Everything in shared memory, and where the result goes. */
interface Job {
  readonly train: TrainingSet
  readonly byUser: SharedRows
  readonly byItem: SharedRows
  readonly reg: number
  readonly isDouble: boolean
  /** Weights kept an item: the greatest, or those of the largest absolute value. */
  readonly k: number
  readonly bySize: boolean
  readonly best: Int32Array
  readonly weights: Float32Array
  readonly context: FitContext
}

async function fit(train: TrainingSet, params: Params, context: FitContext): Promise<Model> {
  const { reg, neighbours, keep } = params as EaseParams
  const { compute } = context
  const { nUsers, nItems, ratingRange } = train
  const k = Math.min(neighbours, nItems)
  const isDouble = needsDouble(train, reg)
  const job: Job = {
    ...{
      train,
      reg,
      isDouble,
      k,
      bySize: keep === 'largest',
      context,
      byUser: shareRows(train.byUser, compute),
      byItem: shareRows(train.byItem, compute),
    },
    ...{ best: compute.int32(nItems * k), weights: compute.float32(nItems * k) },
  }
  await (chooseRoad(train, isDouble) === 'items' ? byItems(job) : byUsers(job))
  const rows = rowsBySource(job.best, job.weights, nItems)
  const tensors = { ...neighbourTensors(rows), ...ratingBiasTensors(train) }
  return neighboursModel({ algorithm: 'ease', params, nUsers, nItems, ratingRange, tensors })
}

async function byItems({
  train,
  byUser,
  byItem,
  reg,
  isDouble,
  k,
  bySize,
  best,
  weights,
  context,
}: Job): Promise<void> {
  const { compute, signal } = context
  const { nItems } = train
  const inverse = { compute, isDouble, signal, onProgress: progressOf(context, nItems) }
  const tiles = await invertGram(nItems, reg, { byColumn: byItem, byRow: byUser }, inverse)
  await compute.run({
    kernel: 'ease_rows',
    nRows: nItems,
    scratchBytes: 8 * tileSize * tiles.nBlocks,
    args: [tiles.data, tiles.nBlocks, nItems, k, best, weights, Number(isDouble), Number(bySize)],
    signal,
  })
}

async function byUsers({
  train,
  byUser,
  byItem,
  reg,
  isDouble,
  k,
  bySize,
  best,
  weights,
  context,
}: Job): Promise<void> {
  const { compute, signal } = context
  const { nUsers, nItems } = train
  const inverse = { compute, isDouble, signal, onProgress: progressOf(context, nUsers) }
  const tiles = await invertGram(nUsers, reg, { byColumn: byUser, byRow: byItem }, inverse)
  const pitch = tileSize * tiles.nBlocks
  const nPanel = panelItems(nUsers, nItems)
  for (let first = 0; first < nItems; first += nPanel) {
    const nRows = Math.min(nPanel, nItems - first)
    context.onPhase?.(`weights of item ${first + 1} of ${nItems}`)
    await compute.scoped(async () => {
      const spread = numbers(compute, isDouble, nRows * pitch)
      const users = [tiles.data, tiles.nBlocks, nUsers, byUser.starts, byUser.columns]
      await compute.run({
        kernel: 'ease_spread_rows',
        nRows: tiles.nBlocks,
        rowsPerRange: 4,
        scratchBytes: 8 * tileSize,
        args: [...users, first, nRows, spread, Number(isDouble)],
        signal,
      })
      await compute.run({
        kernel: 'ease_dual_rows',
        nRows,
        rowsPerRange: 8,
        scratchBytes: 8 * nItems,
        args: [
          spread,
          pitch,
          first,
          nItems,
          byItem.starts,
          byItem.columns,
          k,
          best,
          weights,
          Number(isDouble),
          Number(bySize),
        ],
        signal,
      })
    })
  }
}

/** `inverse of 27,278 rows: 34 %`, each percent once. */
function progressOf({ onPhase }: FitContext, order: number): (share: number) => void {
  let last = -1
  return (share) => {
    const percent = Math.floor(100 * share)
    if (percent === last) return
    last = percent
    onPhase?.(`inverse of ${order.toLocaleString('en-US')} rows: ${percent} %`)
  }
}
