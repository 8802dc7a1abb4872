import { createHash, type Hash } from 'node:crypto'
import { RecsysError } from '../errors.ts'
import { uniformAt } from '../kernels/random.ts'
import { hashId } from './id-hash.ts'
import { requireNoLeak } from './leakage.ts'
import { foldFromFiles } from './split-files.ts'
import type { SplitSpec } from './split-spec.ts'
import { cutByTime, leaveLast, rowPlaces } from './split-time.ts'
import { holdOutUsers } from './split-users.ts'
import type { Dataset, Fold, Masks } from './types.ts'

/**
 * One fold, or as many as `kfold` asks for. `hash` and `users` depend on the ids alone, so that a row stays on its side as the
 * lake grows; `random` and `kfold` depend on the seed and the row, `temporal` and `leave-last` on the times.
 * @throws RECSYS_SPLIT_EMPTY when a part has no rows, RECSYS_SPLIT_LEAK when what is held out is learnt from
 */
export function makeFolds(dataset: Dataset, spec: SplitSpec, seed: number): Fold[] {
  const folds = masksOf(dataset, spec, seed).map((masks) => withFingerprint(dataset, spec.kind, masks))
  for (const fold of folds) {
    requireBothParts(
      fold,
      spec,
      dataset.interactions.timestamp.some((time) => !Number.isNaN(time)),
    )
    requireNoLeak(dataset, fold, spec)
  }
  return folds
}

function masksOf(dataset: Dataset, spec: SplitSpec, seed: number): Masks[] {
  if (spec.kind === 'hash') return [complement(hashMask(dataset, spec.fraction))]
  if (spec.kind === 'temporal') return [cutByTime(dataset, spec)]
  if (spec.kind === 'leave-last') return [leaveLast(dataset, spec.nRows)]
  if (spec.kind === 'users') return [holdOutUsers(dataset, spec.fraction)]
  if (spec.kind === 'file') return [foldFromFiles(dataset, spec)]
  const part = randomParts(dataset.interactions.rating.length, seed)
  if (spec.kind === 'random') {
    const nTest = Math.round(part.length * spec.fraction)
    return [complement(Uint8Array.from(part, (rank) => (rank < nTest ? 1 : 0)))]
  }
  return Array.from({ length: spec.nFolds }, (_, fold) =>
    complement(Uint8Array.from(part, (rank) => (rank % spec.nFolds === fold ? 1 : 0))),
  )
}

function complement(isTest: Uint8Array): Masks {
  const isTrain = new Uint8Array(isTest.length)
  for (let row = 0; row < isTest.length; row++) isTrain[row] = 1 - isTest[row]
  return { isTest, isTrain }
}

function hashMask(dataset: Dataset, fraction: number): Uint8Array {
  const place = rowPlaces(dataset)
  const isTest = new Uint8Array(dataset.interactions.rating.length)
  for (let row = 0; row < isTest.length; row++) isTest[row] = place(row) < fraction ? 1 : 0
  return isTest
}

/** The rank of every row in a seeded shuffle (Fisher–Yates). */
function randomParts(nRows: number, seed: number): Int32Array {
  const rank = Int32Array.from({ length: nRows }, (_, row) => row)
  for (let row = nRows - 1; row > 0; row--) {
    const other = Math.floor(uniformAt(seed, row) * (row + 1))
    const held = rank[row]
    rank[row] = rank[other]
    rank[other] = held
  }
  return rank
}

/** The fingerprint is made when it is first asked for: it takes longer than the cut. */
export function withFingerprint(dataset: Dataset, kind: SplitSpec['kind'], masks: Masks): Fold {
  let fingerprint: string | undefined
  return {
    ...masks,
    get fingerprint() {
      fingerprint ??= fingerprintOf(dataset, kind, masks)
      return fingerprint
    },
  }
}

function fingerprintOf(dataset: Dataset, kind: SplitSpec['kind'], masks: Masks): string {
  const { isTest, isTrain, isFoldIn } = masks
  const hash = createHash('sha256').update(`${kind}\nheld out\n`)
  const lanes = [lanesOf(dataset.users.ids), lanesOf(dataset.items.ids)] as const
  updateWithPairs(hash, dataset, isTest, lanes)
  hash.update('training\n')
  updateWithPairs(hash, dataset, isTrain, lanes)
  if (isFoldIn) {
    hash.update('folded in\n')
    updateWithPairs(hash, dataset, isFoldIn, lanes)
  }
  return hash.digest('hex')
}

/** The 64-bit hash of every id: the text of 25 million pairs of ids would take longer to write than to train on. */
function lanesOf(ids: readonly string[]): Int32Array {
  const lanes = new Int32Array(2 * ids.length)
  ids.forEach((id, index) => {
    const { high, low } = hashId(id)
    lanes[2 * index] = high
    lanes[2 * index + 1] = low
  })
  return lanes
}

const rowsAtOnce = 65_536

function updateWithPairs(
  hash: Hash,
  { interactions: { userIndex, itemIndex } }: Dataset,
  chosen: Uint8Array,
  [users, items]: readonly [Int32Array, Int32Array],
): void {
  const block = new Int32Array(4 * rowsAtOnce)
  let filled = 0
  for (let row = 0; row < chosen.length; row++) {
    if (chosen[row] === 0) continue
    const [user, item] = [2 * userIndex[row], 2 * itemIndex[row]]
    block[filled++] = users[user]
    block[filled++] = users[user + 1]
    block[filled++] = items[item]
    block[filled++] = items[item + 1]
    if (filled < block.length) continue
    hash.update(block)
    filled = 0
  }
  hash.update(block.subarray(0, filled))
}

function requireBothParts({ isTest, isTrain }: Fold, spec: SplitSpec, hasTime: boolean): void {
  const part = isTest.includes(1) ? (isTrain.includes(1) ? undefined : 'training') : 'held-out'
  if (part === undefined) return
  const why = spec.kind === 'temporal' && !hasTime ? ': no time is known' : ''
  throw new RecsysError('RECSYS_SPLIT_EMPTY', {
    message: `the ${spec.kind} split leaves no ${part} rows of ${isTest.length}${why}`,
    field: 'split',
  })
}
