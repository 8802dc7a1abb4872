import { parseArgs } from 'node:util'
import { renderTable } from '../../src/cli/table.ts'
import { datasetFrom, trainingSet } from '../../src/dataset/dataset.ts'
import type { TrainingSet } from '../../src/dataset/types.ts'
import { uniformAt } from '../../src/kernels/random.ts'
import { algorithms } from '../../src/models/algorithms.ts'
import { resolveParams } from '../../src/models/parameters.ts'
import type { Params } from '../../src/models/types.ts'
import { startCompute } from '../../src/workers/pool.ts'
import { syntheticInteractions } from './synthetic.ts'

/**
 * Seconds an epoch on one and on two threads, in turns, and how they grow with the factors. The ratio 1 → 2 threads is the
 * median of the rounds' ratios; the bar is 1.8 for als and Gibbs. `--interactions 1e6` is the size, `--only PATTERN` takes
 * the rows it matches, `--smoke` only shows that all runs.
 */
const { values: flags } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    interactions: { type: 'string', default: '2e6' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
  },
})
const nInteractions = flags.smoke ? 3000 : Number(flags.interactions)
const nRounds = flags.smoke ? 1 : Number(flags.rounds)
/** The first one warms up: code and caches. */
const epochs = flags.smoke ? 2 : 4
const factors = flags.smoke ? [8, 16] : [32, 64, 128, 256]

const lanes: readonly (readonly [name: string, algorithm: 'als' | 'svd', params: Params])[] = [
  ...factors.map((d) => [`als exact, d ${d}`, 'als', { factors: d, epochs, solver: 'exact' }] as const),
  ...factors.map((d) => [`als auto, d ${d}`, 'als', { factors: d, epochs, solver: 'auto' }] as const),
  ...factors
    .slice(0, 2)
    .map((d) => [`svd Gibbs, d ${d}`, 'svd', { factors: d, burnIn: 1, samples: epochs - 1 }] as const),
  ...factors
    .slice(0, 3)
    .map((d) => [`svd sgd, d ${d}`, 'svd', { factors: d, epochs, solver: 'sgd' }] as const),
]

const train = trainingRows()
const rows: (string | number)[][] = []
let previous: { readonly algorithm: string; readonly seconds: number } | undefined
for (const [name, algorithm, params] of lanes.filter(([name]) => new RegExp(flags.only).test(name))) {
  const rounds: (readonly [one: number, two: number])[] = []
  for (let round = 0; round < nRounds; round++) {
    rounds.push([await epochSeconds(algorithm, params, 1), await epochSeconds(algorithm, params, 2)])
  }
  const [one, two] = [median(rounds.map(([own]) => own)), median(rounds.map(([, own]) => own))]
  const family = name.slice(0, name.lastIndexOf(','))
  const growth = previous?.algorithm === family ? (two / previous.seconds).toFixed(2) : '-'
  rows.push([name, one, two, median(rounds.map(([a, b]) => a / b)).toFixed(2), growth])
  previous = { algorithm: family, seconds: two }
}
const columns = ['s an epoch', '1 thread', '2 threads', '1 → 2', 'against the row above']
console.log(renderTable(columns, rows))
console.log(
  `${train.byUser.columns.length.toLocaleString('en-US')} interactions of ${train.nUsers.toLocaleString('en-US')} users and ${train.nItems.toLocaleString('en-US')} items, medians of ${nRounds} rounds`,
)

function trainingRows(): TrainingSet {
  const nUsers = Math.ceil(nInteractions / 145)
  const nItems = Math.max(100, Math.min(27_000, Math.ceil(nInteractions / 900)))
  const { rowStarts, columns } = syntheticInteractions({ nUsers, nItems, nInteractions })
  const userIndex = new Int32Array(columns.length)
  for (let user = 0; user < nUsers; user++) userIndex.fill(user, rowStarts[user], rowStarts[user + 1])
  const dataset = datasetFrom({
    lakeVersion: 0,
    userIds: Array.from({ length: nUsers }, (_, user) => String(user)),
    itemIds: Array.from({ length: nItems }, (_, item) => String(item)),
    userIndex,
    itemIndex: columns,
    rating: Float32Array.from(columns, (_, entry) => 1 + Math.floor(5 * uniformAt(9, entry))),
    timestamp: new Float64Array(columns.length).fill(Number.NaN),
  })
  const isTrain = new Uint8Array(columns.length).fill(1)
  return trainingSet(dataset, { isTrain, isTest: new Uint8Array(columns.length) })
}

/** Median of the epochs after the first. */
async function epochSeconds(name: 'als' | 'svd', params: Params, nThreads: number): Promise<number> {
  const compute = await startCompute({ nThreads })
  try {
    const times: number[] = []
    const algorithm = algorithms[name]
    const onEpoch = () => void times.push(performance.now())
    await algorithm.fit(train, resolveParams(algorithm, params), { compute, seed: 1, onEpoch })
    return median(times.slice(1).map((time, at) => (time - times[at]!) / 1000))
  } finally {
    await compute.release()
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
