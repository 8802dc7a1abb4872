import { describe, expect, test } from 'vitest'
import { builds, normals, workbench } from './builds.ts'

describe.each(builds)('the measure of the host with %s', (_name, module) => {
  test('does every multiply-add that it counts', () => {
    const { shared, wasm, twin } = workbench(module)
    const a = normals(shared, 16 + 96, 1)
    for (let lane = 0; lane < 8; lane++) a[lane] = 0.5 + lane / 100
    for (const nSteps of [1, 64]) {
      const expected = twin.fma_peak(nSteps, a.byteOffset)
      expect(Math.abs(wasm.fma_peak(nSteps, a.byteOffset) - expected)).toBeLessThan(1e-3)
    }
  })
})
