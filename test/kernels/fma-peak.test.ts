import { describe, expect, test } from 'vitest'
import { builds, normals, workbench } from './builds.ts'

describe.each(builds)('the measure of the host with %s', (_name, module) => {
  test.each(['fma_peak', 'fma_peak_loads'] as const)(
    '%s does every multiply-add that it counts',
    (kernel) => {
      const { shared, wasm, twin } = workbench(module)
      const a = normals(shared, 8 + 2048, 1)
      for (let lane = 0; lane < 4; lane++) a[lane] = 0.5 + lane / 100
      for (const nSteps of [64, 192]) {
        const expected = twin[kernel](nSteps, a.byteOffset)
        expect(Math.abs(wasm[kernel](nSteps, a.byteOffset) - expected)).toBeLessThan(1e-3)
      }
    },
  )
})
