import { RecsysError } from '../../errors.ts'
import { algorithms } from '../../models/algorithms.ts'
import type { AlgorithmName } from '../../models/types.ts'
import { indexOfId, textAt } from '../shared/id-table.ts'
import type { SharedModel } from '../shared/shared-model.ts'
import { plainQuery, type Ranking, ServedModel } from './served-model.ts'
import type { TopK } from './top-k.ts'

const nGoldenUsers = 16
const k = 10
/** A ranking that takes longer would stop a request thread for everybody else. */
const maxRankingMs = 1000

/**
 * Ranks for users spread over the whole vocabulary, for a stranger, for a history and around an item, as requests
 * will. It also warms nothing but the files' pages: every request thread compiles for itself.
 * @throws RECSYS_MODEL_UNFIT
 */
export function smokeTest(shared: SharedModel): void {
  const model = new ServedModel(shared, 0)
  const query = { ...plainQuery, k, excludeSeen: false }
  const expected = Math.min(k, model.nItems)
  for (const userId of goldenUsers(shared)) {
    const best = check(`user ${userId}`, expected, model, () => model.rankForUser(userId, query))
    checkRange(`user ${userId}`, best, shared)
  }
  if (model.nItems === 0) throw unfit('it has no items')
  const itemId = textAt(shared.items, 0)
  check('a stranger', expected, model, () => model.rankForHistory([], query))
  check('a history of one item', expected, model, () => model.rankForHistory([{ itemId }], query))
  check('similar items', Math.min(k, model.nItems - 1), model, () => model.rankSimilar(0, k))
}

/** Some users from the first to the last, so that a cut-off tensor or a shifted row shows. */
function goldenUsers({ users }: SharedModel): string[] {
  const n = Math.min(nGoldenUsers, users.size)
  return Array.from({ length: n }, (_, i) => {
    const userIndex = n === 1 ? 0 : Math.floor((i * (users.size - 1)) / (n - 1))
    const userId = textAt(users, userIndex)
    if (indexOfId(users, userId) !== userIndex) throw unfit(`user ${userId} is not found under its own id`)
    return userId
  })
}

/** Where scores are ratings: a unit that got lost or a factor that ran away shows as ratings that nobody could have given. */
function checkRange(who: string, { scores, count }: TopK, { algorithm, ratingRange }: SharedModel): void {
  if (algorithms[algorithm as AlgorithmName].goal !== 'rating') return
  const [min, max] = ratingRange
  const slack = 2 * Math.max(1, max - min)
  const wrong = scores.subarray(0, count).find((score) => score < min - slack || score > max + slack)
  if (wrong === undefined) return
  throw unfit(`${who} got the score ${wrong}, far from ratings of ${min} to ${max}`)
}

function check(who: string, expected: number, model: ServedModel, rank: () => Ranking): TopK {
  const start = performance.now()
  const { best } = rank()
  const elapsedMs = performance.now() - start
  const indices = best.indices.subarray(0, best.count)
  const scores = best.scores.subarray(0, best.count)
  if (best.count !== expected) throw unfit(`${who} got ${best.count} items, expected ${expected}`)
  if (!scores.every(Number.isFinite)) throw unfit(`${who} got a score that is not a finite number`)
  if (new Set(indices).size !== best.count) throw unfit(`${who} got an item twice`)
  if (!indices.every((index) => index >= 0 && index < model.nItems)) {
    throw unfit(`${who} got an item that is not in the catalogue`)
  }
  if (elapsedMs > maxRankingMs) {
    throw unfit(`${who} took ${Math.round(elapsedMs)} ms to rank, expected ${maxRankingMs} at most`)
  }
  return best
}

function unfit(problem: string): RecsysError {
  return new RecsysError('RECSYS_MODEL_UNFIT', { message: `the new model failed its trial: ${problem}` })
}
