import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { datasetFrom, trainingSet } from '../../../src/dataset/dataset.ts'
import { uniformAt } from '../../../src/kernels/random.ts'
import { rankingMetrics } from '../../../src/metrics/ranking.ts'
import { algorithms } from '../../../src/models/algorithms.ts'
import { resolveParams } from '../../../src/models/parameters.ts'
import { startCompute } from '../../../src/workers/pool.ts'

/**
 * A fit on train.txt and test.txt of a directory ("user item item …" a line, as Gowalla is given), for comparison with
 * implicit and others: prints one JSON line with the seconds of the fit and of its epochs, Recall@20 and NDCG@20.
 *
 *     node test/bench/peers/ranking-fit.ts --data DIR --algo als --params '{"factors":512}'
 *
 * `--tune` holds out a tenth of train.txt in place of test.txt: parameters are chosen on that.
 */
const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', default: '.' },
    algo: { type: 'string', default: 'als' },
    params: { type: 'string', default: '{}' },
    threads: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    tune: { type: 'boolean', default: false },
  },
})
const k = 20

interface Pair {
  readonly user: number
  readonly item: number
  readonly isTest: number
}

function readPairs(file: string, isTest: number): Pair[] {
  const lines = readFileSync(`${flags.data}/${file}`, 'utf8').trimEnd().split('\n')
  return lines.flatMap((line) => {
    const [user, ...items] = line.trim().split(' ').map(Number)
    return [...new Set(items)].map((item) => ({ user, item, isTest }))
  })
}

const train = readPairs('train.txt', 0)
const given = [...train, ...readPairs('test.txt', 1)]
const slice = train.map((pair, at) => ({ ...pair, isTest: Number(uniformAt(77, at) < 0.1) }))
const rows = (flags.tune ? slice : given).sort((a, b) => a.user - b.user || a.item - b.item)
const ids = (most: number) => Array.from({ length: most + 1 }, (_, index) => String(index))
const dataset = datasetFrom({
  lakeVersion: 0,
  userIds: ids(given.reduce((most, { user }) => Math.max(most, user), 0)),
  itemIds: ids(given.reduce((most, { item }) => Math.max(most, item), 0)),
  userIndex: Int32Array.from(rows, ({ user }) => user),
  itemIndex: Int32Array.from(rows, ({ item }) => item),
  rating: new Float32Array(rows.length).fill(1),
  timestamp: new Float64Array(rows.length).fill(Number.NaN),
})
const isTest = Uint8Array.from(rows, (row) => row.isTest)
const fold = { isTest, isTrain: isTest.map((bit) => 1 - bit), fingerprint: '' }
const algorithm = algorithms[flags.algo as keyof typeof algorithms]
const params = resolveParams(algorithm, JSON.parse(flags.params))
const compute = await startCompute({ nThreads: Number(flags.threads) })
const epochSeconds: number[] = []
const start = performance.now()
let last = start
const model = await compute.scoped(() =>
  algorithm.fit(trainingSet(dataset, fold), params, {
    compute,
    seed: Number(flags.seed),
    onEpoch: () => {
      const now = performance.now()
      epochSeconds.push((now - last) / 1000)
      last = now
    },
  }),
)
const seconds = [(performance.now() - start) / 1000]
const metrics = await rankingMetrics(compute, { dataset, fold, ks: [k] }, model)
await compute.release()
const [recall, ndcg] = [metrics[`recall@${k}`], metrics[`ndcg@${k}`]]
console.log(JSON.stringify({ algo: flags.algo, params, seconds, epochSeconds, recall, ndcg }))
