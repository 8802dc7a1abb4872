import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { instantiateKernels } from '../../src/kernels/instance.ts'
import { plainKernels } from '../../src/kernels/plain.ts'
import { uniformAt } from '../../src/kernels/random.ts'
import { SharedMemory } from '../../src/kernels/shared-memory.ts'
import { builds } from './builds.ts'

describe.each(builds)('with %s', (_name, module) => {
  test('ranking by neighbours agrees with its twin for any history', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat(),
        (nItems, k, seed) => {
          const shared = new SharedMemory()
          shared.memory.grow(8)
          const sparse = (nRows: number, stream: number) => {
            const starts = shared.int32(nRows + 1)
            const columns: number[] = []
            for (let row = 0; row < nRows; row++) {
              for (let item = 0; item < nItems; item++) {
                if (uniformAt(seed + stream, row * nItems + item) < 0.3) columns.push(item)
              }
              starts[row + 1] = columns.length
            }
            const shareds = shared.int32(columns.length)
            shareds.set(columns)
            return [starts, shareds] as const
          }
          const [historyStarts, history] = sparse(4, 1)
          const [seenStarts, seen] = sparse(4, 3)
          const [rowStarts, items] = sparse(nItems, 2)
          const weights = shared.float32(items.length)
          weights.forEach((_, at) => {
            weights[at] = Math.round(8 * uniformAt(seed, at)) - 3
          })
          const [best, scores, scratch] = [shared.int32(4 * k), shared.float32(4 * k), shared.float32(nItems)]
          const rows = [rowStarts, items, weights]
          const args = [historyStarts, history, seenStarts, seen, nItems, ...rows, k, best, scores]
          const run = (kernels: ReturnType<typeof plainKernels>) => {
            const addresses = args.map((value) => (typeof value === 'number' ? value : value.byteOffset))
            kernels.top_k_neighbour_rows(0, 4, scratch.byteOffset, ...addresses)
            return { best: [...best], scores: [...scores] }
          }
          const got = run(instantiateKernels(module, shared.memory))
          expect(got).toEqual(run(plainKernels(shared.memory)))
        },
      ),
      { numRuns: 40 },
    )
  })
})
