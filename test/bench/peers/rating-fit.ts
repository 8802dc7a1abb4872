import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { datasetFrom, trainingSet } from '../../../src/dataset/dataset.ts'
import { algorithms } from '../../../src/models/algorithms.ts'
import { resolveParams } from '../../../src/models/parameters.ts'
import { startCompute } from '../../../src/workers/pool.ts'

/**
 * A fit on train.csv and test.csv of a directory (user,item,rating[,timestamp] with a header), for comparison with
 * Surprise and others: prints one JSON line with the seconds of each fit, the first one as a fresh process sees it, and
 * the RMSE on the test rows, clipped to the scale.
 *
 *     node test/bench/peers/rating-fit.ts --data DIR --algo svd --params '{"solver":"sgd","factors":100,"epochs":20}'
 */
const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', default: '.' },
    algo: { type: 'string', default: 'svd' },
    params: { type: 'string', default: '{}' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
  },
})

function readRows(file: string, isTest: number) {
  const lines = readFileSync(`${flags.data}/${file}`, 'utf8').trimEnd().split('\n').slice(1)
  return lines.map((line) => {
    const [user, item, rating, timestamp] = line.split(',')
    return { user, item, rating: Number(rating), timestamp: Number(timestamp ?? Number.NaN), isTest }
  })
}

const rows = [...readRows('train.csv', 0), ...readRows('test.csv', 1)]
const userIds = [...new Set(rows.map(({ user }) => user))]
const itemIds = [...new Set(rows.map(({ item }) => item))]
const [userOf, itemOf] = [userIds, itemIds].map((ids) => new Map(ids.map((id, index) => [id, index])))
const at = (map: Map<string, number>, id: string) => map.get(id) ?? -1
rows.sort((a, b) => at(userOf, a.user) - at(userOf, b.user) || at(itemOf, a.item) - at(itemOf, b.item))
const dataset = datasetFrom({
  lakeVersion: 0,
  userIds,
  itemIds,
  userIndex: Int32Array.from(rows, ({ user }) => at(userOf, user)),
  itemIndex: Int32Array.from(rows, ({ item }) => at(itemOf, item)),
  rating: Float32Array.from(rows, ({ rating }) => rating),
  timestamp: Float64Array.from(rows, ({ timestamp }) => timestamp),
})
const isTest = Uint8Array.from(rows, (row) => row.isTest)
const train = trainingSet(dataset, { isTest, isTrain: isTest.map((bit) => 1 - bit) })
const algorithm = algorithms[flags.algo as keyof typeof algorithms]
const params = resolveParams(algorithm, JSON.parse(flags.params))
const compute = await startCompute({ nThreads: Number(flags.threads) })
const seconds: number[] = []
let rmse = 0
for (let round = 0; round < Number(flags.rounds); round++) {
  await compute.scoped(async () => {
    const start = performance.now()
    const model = await algorithm.fit(train, params, { compute, seed: Number(flags.seed) })
    seconds.push((performance.now() - start) / 1000)
    const [low, high] = dataset.ratingRange
    let squares = 0
    for (const [row, { rating, timestamp, isTest }] of rows.entries()) {
      if (isTest === 0) continue
      const { userIndex, itemIndex } = dataset.interactions
      const predicted = model.predict(userIndex[row], itemIndex[row], timestamp)
      squares += (rating - Math.min(high, Math.max(low, predicted))) ** 2
    }
    rmse = Math.sqrt(squares / rows.reduce((sum, row) => sum + row.isTest, 0))
  })
}
await compute.release()
console.log(JSON.stringify({ algo: flags.algo, params, threads: Number(flags.threads), seconds, rmse }))
