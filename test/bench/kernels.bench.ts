import { parseArgs } from 'node:util'
import { Bench, type Task } from 'tinybench'
import { renderTable } from '../../src/cli/table.ts'
import { readAsset } from '../../src/host.ts'
import { compileKernels, instantiateKernels, type Kernels } from '../../src/kernels/instance.ts'
import { plainKernels } from '../../src/kernels/plain.ts'
import { SharedMemory } from '../../src/kernels/shared-memory.ts'
import {
  basisCases,
  denseCases,
  type KernelCase,
  peakCases,
  rankingCases,
  solverCases,
} from './kernel-cases.ts'

/**
 * The kernels in WebAssembly, with and without relaxed SIMD, against their plain TypeScript twins, on one thread. The
 * three take turns in every round, so that a machine that drifts slows all of them. The share is that of the host's ceiling,
 * which is measured again in every round. `--smoke` only shows that all run, `--only PATTERN` takes the cases it matches.
 */
const { values: flags } = parseArgs({
  options: { smoke: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
})
const nRounds = flags.smoke ? 1 : 7
const timing = flags.smoke
  ? { time: 2, warmupTime: 1, iterations: 2, warmupIterations: 1 }
  : { time: 30, warmupTime: 10, iterations: 5, warmupIterations: 2 }
/** Operations a sample, so that a small kernel is not lost in the clock's resolution. */
const flopsPerSample = 500_000

let sink = 0
const shared = new SharedMemory()
const [ceiling, ...peaks] = peakCases(shared)
const cases = [
  ...peaks,
  ...[8, 16, 32, 64, 128, 256].flatMap((order) => denseCases(shared, order)),
  ...[64, 128, 256].flatMap((width) => basisCases(shared, width)),
  ...[20, 50, 64, 128].flatMap((nFactors) => solverCases(shared, nFactors)),
  ...rankingCases(shared),
].filter(({ name }) => new RegExp(flags.only).test(name))
// The twin views the memory as it is now: nothing may be allocated from here on.
const builds: Readonly<Record<string, Kernels>> = {
  relaxed: instantiateKernels(compileKernels(), shared.memory),
  plain: instantiateKernels(new WebAssembly.Module(readAsset('kernels/kernels-plain.wasm')), shared.memory),
  twin: plainKernels(shared.memory),
}

const columns = [
  'GFLOP/s of',
  'relaxed SIMD',
  '±',
  'share',
  'plain SIMD',
  '±',
  'twin',
  '±',
  'relaxed : plain',
  ': twin',
]
console.log(renderTable(columns, cases.map(measure)))
console.log(
  `median of ${nRounds} rounds, ± median deviation from it; share of the host's ceiling (sink ${sink.toExponential(2)})`,
)

function measure(kernelCase: KernelCase): string[] {
  const rounds = Array.from({ length: nRounds }, () => measureOnce(kernelCase))
  const speeds = Object.keys(builds).map((_, build) => rounds.map((round) => round[build]))
  const [relaxed, ...others] = speeds.map((speed) => [median(speed).toFixed(2), deviation(speed).toFixed(2)])
  const share = `${(100 * median(rounds.map((round) => round[0] / round[3]))).toFixed(0)} %`
  const ratio = (other: number) => median(rounds.map((round) => round[0] / round[other])).toFixed(1)
  return [kernelCase.name, ...relaxed, share, ...others.flat(), ratio(1), ratio(2)]
}

/** GFLOP/s of each build, then the ceiling of the relaxed one. */
function measureOnce(kernelCase: KernelCase): number[] {
  const repeats = Math.max(1, Math.round(flopsPerSample / kernelCase.flops))
  const bench = new Bench({ ...timing, throws: true })
  for (const [name, kernels] of Object.entries(builds)) {
    bench.add(name, () => {
      for (let i = 0; i < repeats; i++) sink += kernelCase.run(kernels)
    })
  }
  bench.add('ceiling', () => {
    sink += ceiling.run(builds.relaxed)
  })
  const flops = [...Object.keys(builds).map(() => kernelCase.flops * repeats), ceiling.flops]
  return bench.runSync().map((task, at) => flops[at] / (medianMs(task) * 1e6))
}

function medianMs({ result }: Task): number {
  if (result.state !== 'completed') throw new Error(`the benchmark is ${result.state}`)
  return result.latency.p50
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

/** Median absolute deviation. */
function deviation(values: readonly number[]): number {
  const middle = median(values)
  return median(values.map((value) => Math.abs(value - middle)))
}
