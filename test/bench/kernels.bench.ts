import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { Bench, type Task } from 'tinybench'
import { renderTable } from '../../src/cli/table.ts'
import {
  compileKernels,
  fastestBuild,
  fourLaneBuild,
  instantiateKernels,
  type Kernels,
} from '../../src/kernels/instance.ts'
import { plainKernels } from '../../src/kernels/plain.ts'
import { SharedMemory } from '../../src/kernels/shared-memory.ts'
import {
  basisCases,
  denseCases,
  type KernelCase,
  peakCase,
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
const flopsPerSample = 20_000_000

let sink = 0
const shared = new SharedMemory()
const ceiling = peakCase(shared)
const cases = [
  ceiling,
  ...[8, 16, 32, 64, 128, 256].flatMap((order) => denseCases(shared, order)),
  ...[64, 128, 256].flatMap((width) => basisCases(shared, width)),
  ...[20, 50, 64, 128].flatMap((nFactors) => solverCases(shared, nFactors)),
  ...rankingCases(shared),
].filter(({ name }) => new RegExp(flags.only).test(name))
// Every function at once and by the optimising compiler, before the process is told to join lanes.
for (const stage of ['liftoff', 'wasm-inlining', 'wasm-dynamic-tiering', 'wasm-lazy-compilation'])
  setFlagsFromString(`--no-${stage}`)
// The twin views the memory as it is now: nothing may be allocated from here on.
const fourLanes = instantiateKernels(compileKernels(fourLaneBuild()), shared.memory)
const plain = instantiateKernels(compileKernels('plain'), shared.memory)
const fastest = instantiateKernels(compileKernels(fastestBuild()), shared.memory)
const builds: Readonly<Record<string, Kernels>> = {
  fastest,
  fourLanes,
  plain,
  twin: plainKernels(shared.memory),
}

const names = Object.keys(builds)
const columns = [
  'GFLOP/s of',
  ...names.flatMap((name) => [name, '±']),
  'share',
  'share of four',
  ': four',
  ': twin',
]
console.log(renderTable(columns, cases.map(measure)))
console.log(
  `fastest is the ${fastestBuild()} build; median of ${nRounds} rounds, ± median deviation from it; share: of the fastest build of ` +
    `its ceiling, of that of four lanes, both measured in each round (sink ${sink.toExponential(2)})`,
)

function measure(kernelCase: KernelCase): string[] {
  const rounds = Array.from({ length: nRounds }, () => measureOnce(kernelCase))
  const speeds = names.flatMap((name) => {
    const speed = rounds.map((round) => round[name])
    return [median(speed).toFixed(2), deviation(speed).toFixed(2)]
  })
  const ratio = (other: string) => median(rounds.map((round) => round.fastest / round[other]))
  const shares = ['ceiling', 'fourLaneCeiling'].map((name) => `${(100 * ratio(name)).toFixed(0)} %`)
  return [kernelCase.name, ...speeds, ...shares, ratio('fourLanes').toFixed(2), ratio('twin').toFixed(1)]
}

/** GFLOP/s of each build and of both ceilings. */
function measureOnce(kernelCase: KernelCase): Record<string, number> {
  const repeats = Math.max(1, Math.round(flopsPerSample / kernelCase.flops))
  const bench = new Bench({ ...timing, throws: true })
  const add = (name: string, kernels: Kernels, measured: KernelCase, times: number) =>
    bench.add(name, () => {
      for (let i = 0; i < times; i++) sink += measured.run(kernels)
    })
  for (const [name, kernels] of Object.entries(builds)) add(name, kernels, kernelCase, repeats)
  add('ceiling', builds.fastest, ceiling, 1)
  add('fourLaneCeiling', builds.fourLanes, ceiling, 1)
  bench.add('preparation', () => {
    for (let i = 0; i < repeats; i++) kernelCase.prepare?.()
  })
  const ms = new Map(bench.runSync().map((task) => [task.name, medianMs(task)]))
  const preparationMs = kernelCase.prepare ? (ms.get('preparation') as number) : 0
  const speedOf = (name: string) =>
    name in builds
      ? (kernelCase.flops * repeats) / ((ms.get(name) as number) - preparationMs) / 1e6
      : ceiling.flops / (ms.get(name) as number) / 1e6
  return Object.fromEntries(
    [...Object.keys(builds), 'ceiling', 'fourLaneCeiling'].map((name) => [name, speedOf(name)]),
  )
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
