import { afterEach, describe, expect, test } from 'vitest'
import type { Compute, RowJob } from '../../src/kernels/compute.ts'
import { startCompute } from '../../src/workers/pool.ts'

let compute: Compute
afterEach(() => compute.release())

/** top_k_rows over `nUsers` users with one-hot items: user u's best item is u % nItems. */
function oneHotJob(nUsers: number, nItems: number): { job: RowJob; best: Int32Array } {
  const [users, items] = [compute.float32(nUsers * nItems), compute.float32(nItems * nItems)]
  for (let user = 0; user < nUsers; user++) users[user * nItems + (user % nItems)] = 1
  for (let item = 0; item < nItems; item++) items[item * nItems + item] = 1
  const [best, scores] = [compute.int32(nUsers), compute.float32(nUsers)]
  const seen = [compute.int32(nUsers + 1), compute.int32(1)]
  const args = [users, items, nItems, nItems, ...seen, 1, best, scores]
  return {
    job: { kernel: 'top_k_rows', nRows: nUsers, rowsPerRange: 7, scratchBytes: 4 * nItems, args },
    best,
  }
}

describe('the thread pool', () => {
  test.each([1, 2, 5])('runs every row exactly where it belongs with %i threads', async (nThreads) => {
    compute = await startCompute({ nThreads })
    expect(compute.nThreads).toBe(nThreads)
    const { job, best } = oneHotJob(1000, 16)
    await compute.run(job)
    expect(best).toEqual(Int32Array.from({ length: 1000 }, (_, user) => user % 16))
  })

  test('jobs asked for at once run one after the other', async () => {
    compute = await startCompute({ nThreads: 2 })
    const jobs = [oneHotJob(100, 8), oneHotJob(300, 12), oneHotJob(1, 4)]
    await Promise.all(jobs.map(({ job }) => compute.run(job)))
    for (const { best } of jobs)
      expect(best.at(-1)).toBe((best.length - 1) % { 100: 8, 300: 12, 1: 4 }[best.length]!)
  })

  test('a job of no rows is done at once', async () => {
    compute = await startCompute({ nThreads: 2 })
    await compute.run({ ...oneHotJob(4, 4).job, nRows: 0 })
  })

  test('an aborted job rejects with the reason and leaves the pool usable', async () => {
    compute = await startCompute({ nThreads: 2 })
    const controller = new AbortController()
    const { job } = oneHotJob(20_000, 64)
    const running = compute.run({ ...job, signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    const { job: next, best } = oneHotJob(50, 4)
    await compute.run(next)
    expect(best[49]).toBe(1)
  })

  test('a kernel that traps rejects with its reason and the next job runs', async () => {
    compute = await startCompute({ nThreads: 2 })
    const { job } = oneHotJob(10, 4)
    const outside = job.args.with(0, 0xfff0_0000)
    await expect(compute.run({ ...job, args: outside })).rejects.toMatchObject({
      code: 'RECSYS_KERNEL_FAILED',
      message: expect.stringContaining('out of bounds'),
    })
    const { job: next, best } = oneHotJob(8, 4)
    await compute.run(next)
    expect(best[7]).toBe(3)
  })

  /** Rows of normal numbers, seeded by the step. */
  function normalJob(rows: Float32Array, count: number): RowJob {
    const args = [rows, 8, 8, 1, 0]
    return {
      kernel: 'normal_rows',
      nRows: rows.length / 8,
      rowsPerRange: 3,
      args,
      steps: { argument: 4, count },
    }
  }

  test.each([1, 2, 5])(
    'a job of many steps ends with all rows at the last step, with %i threads',
    async (nThreads) => {
      compute = await startCompute({ nThreads })
      const [rows, expected] = [compute.float32(800), compute.float32(800)]
      await compute.run(normalJob(rows, 9))
      await compute.run({ ...normalJob(expected, 1), steps: undefined, args: [expected, 8, 8, 1, 8] })
      expect(rows).toEqual(expected)
      expect(rows.every((number) => number !== 0)).toBe(true)
    },
  )

  test('a step that traps, and an abort, end a job of many steps for every thread', async () => {
    compute = await startCompute({ nThreads: 3 })
    const rows = compute.float32(8000)
    const job = normalJob(rows, 50)
    await expect(compute.run({ ...job, args: job.args.with(0, 0xfff0_0000) })).rejects.toMatchObject({
      code: 'RECSYS_KERNEL_FAILED',
    })
    const controller = new AbortController()
    const running = compute.run({ ...normalJob(rows, 5000), signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    await compute.run(normalJob(rows, 2))
    expect(rows[7999]).not.toBe(0)
  })

  test('a job after release is refused instead of waiting for threads that are gone', async () => {
    compute = await startCompute({ nThreads: 2 })
    const { job } = oneHotJob(8, 4)
    await compute.release()
    await expect(compute.run(job)).rejects.toMatchObject({
      code: 'RECSYS_KERNEL_FAILED',
      message: expect.stringContaining('released'),
    })
  })

  test('release during a job ends it with an error, and may be called twice', async () => {
    compute = await startCompute({ nThreads: 2 })
    const running = compute.run(oneHotJob(200_000, 64).job)
    const outcome = expect(running).rejects.toMatchObject({ code: 'RECSYS_KERNEL_FAILED' })
    await compute.release()
    await outcome
    await compute.release()
  })

  test.each([0, -1, 1.5, Number.NaN, 65])('%d threads are refused with the range', async (nThreads) => {
    compute = await startCompute({ nThreads: 1 })
    await expect(startCompute({ nThreads })).rejects.toThrow(
      `--threads is ${nThreads}, expected an integer from 1 to 64`,
    )
  })

  test('memory beyond the limit is refused with both numbers', async () => {
    compute = await startCompute({ nThreads: 1, maxBytes: 10_000_000 })
    expect(() => compute.float32(5_000_000)).toThrow(/needs 21 MB .* limit of 10 MB/)
    expect(compute.float32(1000)).toHaveLength(1000)
  })

  test('buffers are zeroed, aligned and stay valid while memory grows', async () => {
    compute = await startCompute({ nThreads: 1 })
    const [small, large] = [compute.float32(3), compute.float64(10_000_000)]
    small[2] = 7
    const further = compute.int32(5)
    expect([small.byteOffset, large.byteOffset, further.byteOffset].map((at) => at % 64)).toEqual([0, 0, 0])
    expect([small[2], large.at(-1), further[0]]).toEqual([7, 0, 0])
  })
})
