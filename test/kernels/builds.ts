import { expect } from 'vitest'
import { compileKernels, instantiateKernels, type Kernels } from '../../src/kernels/instance.ts'
import { plainKernels } from '../../src/kernels/plain.ts'
import { normalAt } from '../../src/kernels/random.ts'
import { SharedMemory } from '../../src/kernels/shared-memory.ts'

/** Every build of the kernels, for `describe.each`. */
export const builds: [name: string, module: WebAssembly.Module][] = [
  ['lanes of eight', compileKernels('wide')],
  ['relaxed SIMD', compileKernels('relaxed')],
  ['plain SIMD', compileKernels('plain')],
]

export interface Workbench {
  readonly shared: SharedMemory
  readonly wasm: Kernels
  readonly twin: Kernels
}

/** One memory for the compiled kernels and their twins, which view it as large as it is now. */
export function workbench(module: WebAssembly.Module, pages = 64): Workbench {
  const shared = new SharedMemory()
  shared.memory.grow(pages)
  return { shared, wasm: instantiateKernels(module, shared.memory), twin: plainKernels(shared.memory) }
}

export function normals(shared: SharedMemory, length: number, seed: number): Float32Array {
  const floats = shared.float32(length)
  for (let at = 0; at < length; at++) floats[at] = normalAt(seed, at)
  return floats
}

/** Within `tolerance` of the largest of the expected values. */
export function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  let scale = 1e-6
  for (let at = 0; at < expected.length; at++) scale = Math.max(scale, Math.abs(expected[at]))
  for (let at = 0; at < expected.length; at++) {
    if (!(Math.abs(got[at] - expected[at]) <= tolerance * scale)) {
      expect.fail(`value ${at} is ${got[at]}, expected ${expected[at]} of at most ${scale}`)
    }
  }
}
