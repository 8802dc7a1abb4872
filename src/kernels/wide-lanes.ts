import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'

/**
 * Whether pairs of neighbouring vectors of four lanes can run as one of eight. V8 joins them where it was built for it and
 * is told to, on processors with AVX2; multiply-adds of eight lanes round as those of four do, so that nothing but the time
 * changes. Asking switches it on for all WebAssembly that this process compiles from now on.
 */
export function joinLanes(): boolean {
  joined ??= hostJoinsLanes()
  return joined
}

let joined: boolean | undefined

function hostJoinsLanes(): boolean {
  if (process.arch !== 'x64' || !v8JoinsLanes() || !processorHasAvx2()) return false
  setFlagsFromString('--experimental-wasm-revectorize')
  return true
}

/** The releases of V8 on which `test/kernels/lanes.test.ts` has compared the bits: the switch is an experiment of theirs. */
const testedReleases = ['14.6']

function v8JoinsLanes(): boolean {
  const variables = process.config.variables as Readonly<Record<string, unknown>>
  const release = process.versions.v8.split('.').slice(0, 2).join('.')
  return variables.v8_enable_wasm_simd256_revec === 1 && testedReleases.includes(release)
}

/** Known on Linux only: elsewhere there is no way to ask without a native addon. */
function processorHasAvx2(): boolean {
  if (process.platform !== 'linux') return false
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'latin1'))?.[1].split(' ') ?? []
  return ['avx2', 'fma'].every((flag) => flags.includes(flag))
}
