import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { csrFrom, transposed } from '../../../src/dataset/csr.ts'
import type { TrainingSet } from '../../../src/dataset/types.ts'
import { algorithms } from '../../../src/models/algorithms.ts'
import { resolveParams } from '../../../src/models/parameters.ts'
import { startCompute } from '../../../src/workers/pool.ts'

/**
 * Epochs of als on a file of pairs, for comparison with implicit: prints one JSON line with the seconds of each epoch and
 * writes the factors, user rows first, for the common loss function of `implicit_als.py`.
 */
const { values: flags } = parseArgs({
  options: {
    pairs: { type: 'string' },
    factors: { type: 'string', default: '64' },
    epochs: { type: 'string', default: '5' },
    solver: { type: 'string', default: 'exact' },
    reg: { type: 'string', default: '0.5' },
    unobserved: { type: 'string', default: '0.1' },
    'cg-steps': { type: 'string', default: '3' },
    threads: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    to: { type: 'string' },
  },
})
const bytes = readFileSync(flags.pairs as string)
const pairs = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
const n = pairs.length / 2
const [user, item] = [new Int32Array(n), new Int32Array(n)]
let [nUsers, nItems] = [0, 0]
for (let at = 0; at < n; at++) {
  user[at] = pairs[2 * at]
  item[at] = pairs[2 * at + 1]
  nUsers = Math.max(nUsers, user[at] + 1)
  nItems = Math.max(nItems, item[at] + 1)
}
const [value, chosen] = [new Float32Array(n).fill(1), new Uint8Array(n).fill(1)]
// The generator writes the pairs of one user after those of another.
const byUser = csrFrom({ nRows: nUsers, nColumns: nItems }, { row: user, column: item, value }, chosen)
const train: TrainingSet = {
  kind: 'implicit' as const,
  get ratings() {
    return train
  },
  weights: () => undefined,
  nUsers,
  nItems,
  byUser,
  byItem: transposed(byUser),
  ratingRange: [1, 1] as const,
  timestamps: () => new Float64Array(n).fill(Number.NaN),
}
const params = resolveParams(algorithms.als, {
  factors: Number(flags.factors),
  epochs: Number(flags.epochs),
  solver: flags.solver,
  cgSteps: Number(flags['cg-steps']),
  reg: Number(flags.reg),
  regExponent: 0,
  unobservedWeight: Number(flags.unobserved),
})
const compute = await startCompute({ nThreads: Number(flags.threads) })
const seconds: number[] = []
const losses: number[] = []
let last = 0
// The biases, which only ratings need, are fitted before the first epoch: they are not what is compared.
const model = await algorithms.als.fit(train, params, {
  compute,
  seed: Number(flags.seed),
  onEpoch: ({ metrics }) => {
    const now = performance.now()
    if (last > 0) seconds.push((now - last) / 1000)
    last = now
    losses.push(metrics.loss)
  },
})
await compute.release()
if (flags.to) {
  for (const name of ['userFactors', 'itemFactors']) {
    writeFileSync(`${flags.to}/${name}.f32`, new Uint8Array(model.tensors[name].data.buffer))
  }
}
console.log(JSON.stringify({ solver: flags.solver, factors: params.factors, seconds, loss: losses.at(-1) }))
