import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { renderTable } from '../../src/cli/table.ts'
import { compileKernels, fastestBuild, instantiateKernels } from '../../src/kernels/instance.ts'
import { uniformAt } from '../../src/kernels/random.ts'
import { rankRowsScratchBytes } from '../../src/kernels/scratch.ts'
import { SharedMemory } from '../../src/kernels/shared-memory.ts'
import { startCompute } from '../../src/workers/pool.ts'
import { peakCase } from './kernel-cases.ts'

/**
 * Full ranking of many users, seen items left out: 10,000 users × 27,000 items × 128 factors, 100 seen items a user, lists of
 * 20. Beside it the host's ceiling of multiply-adds in WebAssembly on as many threads at once, taken before and after every round.
 * `--smoke` only shows that it runs.
 */
const { values: flags } = parseArgs({ options: { smoke: { type: 'boolean', default: false } } })
const [nUsers, nItems, width, k, nSeen] = flags.smoke
  ? [200, 500, 32, 20, 10]
  : [10_000, 27_000, 128, 20, 100]
const nRounds = flags.smoke ? 1 : 5
const flops = 2 * nUsers * nItems * width

if (isMainThread) await compareAll()
else parentPort?.on('message', () => parentPort?.postMessage(peakOfThread()))

async function compareAll(): Promise<void> {
  const rows = [await measure(1), await measure(2)]
  console.log(renderTable(['threads', 's', 'GFLOP/s', 'ceiling', 'share'], rows))
  console.log(
    `${nUsers} users × ${nItems} items × ${width} factors, k = ${k}; the median of ${nRounds} rounds`,
  )
}

async function measure(nThreads: number): Promise<(string | number)[]> {
  const compute = await startCompute({ nThreads })
  const [users, items] = [
    random(compute.float32(nUsers * width), 1),
    random(compute.float32(nItems * width), 2),
  ]
  const [starts, columns] = [compute.int32(nUsers + 1), compute.int32(nUsers * nSeen)]
  for (let user = 0; user <= nUsers; user++) starts[user] = user * nSeen
  for (let at = 0; at < columns.length; at++) columns[at] = Math.floor(((at % nSeen) * nItems) / nSeen)
  const out = [compute.int32(nUsers * k), compute.float32(nUsers * k)]
  const args = [users, items, width, nItems, starts, columns, k, ...out]
  const job = { kernel: 'rank_rows', nRows: nUsers, scratchBytes: rankRowsScratchBytes, args }
  const peakThreads = Array.from({ length: nThreads }, () => new Worker(new URL(import.meta.url)))
  await peakOfAll(peakThreads)
  await compute.run(job)
  const rounds: { seconds: number; share: number; ceiling: number }[] = []
  for (let round = 0; round < nRounds; round++) {
    const before = await peakOfAll(peakThreads)
    const start = performance.now()
    await compute.run(job)
    const seconds = (performance.now() - start) / 1000
    const ceiling = (before + (await peakOfAll(peakThreads))) / 2
    rounds.push({ seconds, ceiling, share: flops / seconds / 1e9 / ceiling })
  }
  await Promise.all([compute.release(), ...peakThreads.map((thread) => thread.terminate())])
  const middle = rounds.toSorted((a, b) => a.share - b.share)[Math.floor(nRounds / 2)]
  const { seconds, ceiling, share } = middle
  return [
    nThreads,
    seconds.toFixed(2),
    (flops / seconds / 1e9).toFixed(1),
    ceiling.toFixed(1),
    `${(100 * share).toFixed(0)} %`,
  ]
}

/** GFLOP/s of the threads together, all at work at once. */
async function peakOfAll(threads: readonly Worker[]): Promise<number> {
  const answers = threads.map((thread) => once(thread, 'message') as Promise<[number]>)
  for (const thread of threads) thread.postMessage('go')
  return (await Promise.all(answers)).reduce((sum, [speed]) => sum + speed, 0)
}

/** GFLOP/s of multiply-adds on registers, this moment. */
function peakOfThread(): number {
  const shared = new SharedMemory()
  const ceiling = peakCase(shared)
  const kernels = instantiateKernels(compileKernels(fastestBuild()), shared.memory)
  ceiling.run(kernels)
  const nCalls = flags.smoke ? 10 : 400
  const start = performance.now()
  for (let call = 0; call < nCalls; call++) ceiling.run(kernels)
  return (ceiling.flops * nCalls) / (performance.now() - start) / 1e6
}

function random(floats: Float32Array, seed: number): Float32Array {
  for (let at = 0; at < floats.length; at++) floats[at] = uniformAt(seed, at) - 0.5
  return floats
}
