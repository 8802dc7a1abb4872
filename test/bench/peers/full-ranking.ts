import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { datasetFrom, trainingSet } from '../../../src/dataset/dataset.ts'
import type { FactorRanking } from '../../../src/dataset/ranking.ts'
import { rankingMetrics } from '../../../src/metrics/ranking.ts'
import { algorithms } from '../../../src/models/algorithms.ts'
import { resolveParams } from '../../../src/models/parameters.ts'
import { startCompute } from '../../../src/workers/pool.ts'

/**
 * Lists of 20 of the whole catalogue for every user of test.csv, and their metrics, for comparison with LensKit: the same
 * factors, which are fitted here and kept as files beside train.csv and test.csv (user,item,rating with a header) where they are missing.
 * Prints one JSON line; the seconds are those of ranking and judging alone.
 *
 *     node test/bench/peers/full-ranking.ts --data DIR
 */
const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', default: '.' },
    threads: { type: 'string', default: '2' },
    factors: { type: 'string', default: '64' },
    rounds: { type: 'string', default: '3' },
  },
})
const k = 20

function readRows(file: string, isTest: number) {
  const lines = readFileSync(join(flags.data, file), 'utf8').trimEnd().split('\n').slice(1)
  return lines.map((line) => {
    const [user, item, rating] = line.split(',').map(Number)
    return { user, item, rating, isTest }
  })
}

const ascending = (values: number[]) => [...new Set(values)].sort((a, b) => a - b)
const rows = [...readRows('train.csv', 0), ...readRows('test.csv', 1)]
const [userIds, itemIds] = [ascending(rows.map(({ user }) => user)), ascending(rows.map(({ item }) => item))]
const [userOf, itemOf] = [userIds, itemIds].map((ids) => new Map(ids.map((id, index) => [id, index])))
rows.sort((a, b) => a.user - b.user || a.item - b.item)
const dataset = datasetFrom({
  lakeVersion: 0,
  userIds: userIds.map(String),
  itemIds: itemIds.map(String),
  userIndex: Int32Array.from(rows, ({ user }) => userOf.get(user) as number),
  itemIndex: Int32Array.from(rows, ({ item }) => itemOf.get(item) as number),
  rating: Float32Array.from(rows, ({ rating }) => rating),
  timestamp: new Float64Array(rows.length).fill(Number.NaN),
})
const isTest = Uint8Array.from(rows, (row) => row.isTest)
const fold = { isTest, isTrain: isTest.map((bit) => 1 - bit), fingerprint: '' }
const compute = await startCompute({ nThreads: Number(flags.threads) })
const ranking = await factorsOf()
const seconds: number[] = []
let metrics: Readonly<Record<string, number>> = {}
for (let round = 0; round < Number(flags.rounds); round++) {
  const start = performance.now()
  const scorer = { predict: () => 3, ranking: () => ranking }
  metrics = await rankingMetrics(compute, { dataset, fold, ks: [k] }, scorer)
  seconds.push((performance.now() - start) / 1000)
}
await compute.release()
const named = (name: string) => metrics[`${name}@${k}`]
console.log(
  JSON.stringify({
    seconds,
    ndcg: named('ndcg'),
    recall_min: named('recall_min'),
    precision: named('precision'),
    hitRate: named('hitRate'),
    mrr: named('mrr'),
  }),
)

/** Rows in ascending order of the ids. */
async function factorsOf(): Promise<FactorRanking> {
  const width = Number(flags.factors)
  const [users, items] = ['users.f32', 'items.f32'].map((file) => join(flags.data, file))
  if (!existsSync(items)) {
    const params = resolveParams(algorithms.als, { factors: width, epochs: 8 })
    const train = trainingSet(dataset, fold)
    const model = await compute.scoped(() => algorithms.als.fit(train, params, { compute, seed: 1 }))
    const fitted = model.ranking() as FactorRanking
    writeFileSync(users, fitted.userRows)
    writeFileSync(items, fitted.itemRows)
  }
  const read = (file: string) => new Float32Array(new Uint8Array(readFileSync(file)).buffer)
  return { kind: 'factors', width, userRows: read(users), itemRows: read(items) }
}
