import { parseArgs } from 'node:util'
import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { renderTable } from '../../src/cli/table.ts'
import { eigenSymmetric } from '../../src/kernels/eigen.ts'
import { normalAt } from '../../src/kernels/random.ts'
import { startCompute } from '../../src/workers/pool.ts'

/**
 * The symmetric eigendecomposition on one and two threads beside that of ml-matrix, which runs where it is quick enough,
 * on Gram matrices of random rows. `--smoke` only shows that all run.
 */
const { values: flags } = parseArgs({ options: { smoke: { type: 'boolean', default: false } } })
const [orders, nRounds] = flags.smoke ? [[32], 1] : [[64, 128, 256, 512, 1024, 2048], 3]
const mostForPeer = 512

const pools = await Promise.all([1, 2].map((nThreads) => startCompute({ nThreads })))
const rows: string[][] = []
for (const order of orders) rows.push(await measure(order))
await Promise.all(pools.map((pool) => pool.release()))
console.log(
  renderTable(['order', '1 thread, s', '2 threads, s', 'ml-matrix, s', 'ml-matrix : 2 threads'], rows),
)
console.log(`median of ${nRounds} rounds`)

async function measure(order: number): Promise<string[]> {
  const matrix = gramOf(order)
  const wide = Matrix.from1DArray(order, order, Array.from(matrix))
  const runs = pools.map((pool) => () => eigenSymmetric(pool, matrix, order) as Promise<unknown>)
  if (order <= mostForPeer)
    runs.push(async () => new EigenvalueDecomposition(wide, { assumeSymmetric: true }))
  const rounds: number[][] = []
  for (let round = 0; round < nRounds; round++) {
    const seconds: number[] = []
    for (const run of runs) seconds.push(await secondsOf(run))
    rounds.push(seconds)
  }
  const times = runs.map((_, at) => median(rounds.map((seconds) => seconds[at])).toFixed(4))
  const ratio = median(rounds.map((seconds) => seconds[2] / seconds[1])).toFixed(1)
  return order <= mostForPeer ? [String(order), ...times, ratio] : [String(order), ...times, '', '']
}

function gramOf(order: number): Float32Array {
  const noise = Float32Array.from({ length: 2 * order * 32 }, (_, at) => normalAt(1, at))
  const matrix = new Float32Array(order * order)
  for (let i = 0; i < order; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? 1 + i / order : 0
      for (let n = 0; n < 64; n++) sum += noise[n * order + i] * noise[n * order + j]
      matrix[i * order + j] = sum
      matrix[j * order + i] = sum
    }
  }
  return matrix
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}
