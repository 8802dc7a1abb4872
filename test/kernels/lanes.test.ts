import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { fastestBuild } from '../../src/kernels/instance.ts'

const script = fileURLToPath(new URL('hash-kernels.ts', import.meta.url))

/** Hashes of what each kernel writes on the same numbers, every function compiled at once by the optimising compiler. */
function hashes(build: string, flags: readonly string[]): Record<string, string> {
  const optimised = ['--no-liftoff', '--no-wasm-dynamic-tiering', '--no-wasm-lazy-compilation']
  const output = execFileSync(process.execPath, [...optimised, ...flags, script, build], { encoding: 'utf8' })
  return JSON.parse(output) as Record<string, string>
}

describe.skipIf(fastestBuild() !== 'wide')('lanes of eight', () => {
  test('give the bits of lanes of four, kernel by kernel', () => {
    const four = hashes('relaxed', [])
    const eight = hashes('wide', ['--experimental-wasm-revectorize'])
    expect(Object.keys(four).length).toBeGreaterThan(8)
    expect(eight).toEqual(four)
  })

  test('run the multiply-adds of the tiles as one instruction a pair', () => {
    const flags = ['--no-liftoff', '--experimental-wasm-revectorize', '--trace-wasm-revectorize']
    const options = { encoding: 'utf8', maxBuffer: 2 ** 30 } as const
    const trace = execFileSync(process.execPath, [...flags, script, 'wide'], options)
    // The tile of 6 × 16 alone has twelve pairs, that of 4 × 16 eight.
    expect(trace.match(/PackNode Simd128Ternary\[F32x4Qfma\]/g)?.length ?? 0).toBeGreaterThan(20)
  })
})
