import { parseArgs } from 'node:util'
import { readArtifact } from '../../src/artifacts/artifact.ts'
import { renderTable } from '../../src/cli/table.ts'
import { ItemScorer } from '../../src/serving/ranking/item-scorer.ts'
import { createTopK } from '../../src/serving/ranking/top-k.ts'
import { createBitset, insertAll } from '../../src/serving/shared/bitset.ts'
import { shareModel } from '../../src/serving/shared/shared-model.ts'
import { fixtureContent, fixtureIdentity } from '../serving/fixture-model.ts'

/**
 * Ranks users of a model with blocks passed over and by a full scan of the same rows, seen items left out: are the results
 * the same, how many items are scored, and how long does it take? `--artifact` names the directory of a trained model
 * (`<data-dir>/artifacts/<runId>`); `--smoke` only shows that it runs.
 */
const { values: flags } = parseArgs({
  options: {
    artifact: { type: 'string' },
    queries: { type: 'string', default: '10000' },
    k: { type: 'string', default: '10' },
    smoke: { type: 'boolean', default: false },
  },
})
const k = Number(flags.k)
const content = flags.artifact
  ? await readArtifact(flags.artifact)
  : fixtureContent({ nItems: 5000, nUsers: 300 })
const shared = shareModel(content, { ...fixtureIdentity(), algorithm: content.manifest.algorithm }, 1)
const { nItems, blocks } = shared.scoring
if (shared.rankedBy !== 'factors') throw new Error('the model has no factors: there is nothing to pass over')
const nUsers = shared.users.size
const nQueries = flags.smoke ? 100 : Number(flags.queries)
const scorer = new ItemScorer(shared.scoring, 0)
// A bound that no floor exceeds: nothing is passed over.
const unbounded = { ...blocks, norms: blocks.norms.map(() => Number.POSITIVE_INFINITY) }
const scanner = new ItemScorer({ ...shared.scoring, blocks: unbounded }, 1)
const blocked = createBitset(nItems)
const [pruned, full] = [createTopK(k), createTopK(k)]
const [prunedMs, fullMs]: [number[], number[]] = [[], []]
let [nScored, nDifferent] = [0, 0]

for (let query = 0; query < nQueries; query++) {
  const user = (query * 7919) % nUsers
  blocked.fill(0)
  insertAll(blocked, shared.historyItems.subarray(shared.historyStarts[user], shared.historyStarts[user + 1]))
  let start = performance.now()
  nScored += scorer.selectBest(shared.userRows, user, blocked, k, Number.NEGATIVE_INFINITY, pruned)
  prunedMs.push(performance.now() - start)
  start = performance.now()
  scanner.selectBest(shared.userRows, user, blocked, k, Number.NEGATIVE_INFINITY, full)
  fullMs.push(performance.now() - start)
  if (!same()) nDifferent++
}

const share = nScored / nQueries / nItems
console.log(
  renderTable(
    [
      'items',
      'factors',
      'queries',
      'different',
      'items scored',
      'fewer',
      'pruned ms',
      'p99',
      'full ms',
      'p99',
      'speed',
    ],
    [
      [
        ...[nItems, shared.scoring.width, nQueries, nDifferent],
        ...[Math.round(share * nItems), `${(1 / share).toFixed(1)}×`],
        ...[quantile(prunedMs, 0.5), quantile(prunedMs, 0.99), quantile(fullMs, 0.5), quantile(fullMs, 0.99)],
        `${(Number(quantile(fullMs, 0.5)) / Number(quantile(prunedMs, 0.5))).toFixed(1)}×`,
      ],
    ],
  ),
)
if (nDifferent > 0) process.exitCode = 1

function same(): boolean {
  return (
    pruned.count === full.count &&
    pruned.indices.subarray(0, k).every((index, rank) => index === full.indices[rank]) &&
    pruned.scores.subarray(0, k).every((score, rank) => score === full.scores[rank])
  )
}

function quantile(values: number[], q: number): string {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(q * (sorted.length - 1))]!.toFixed(3)
}
