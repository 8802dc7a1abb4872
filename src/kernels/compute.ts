/**
 * Where a model computes: buffers that every thread sees, and a way to run one kernel over row ranges.
 * `workers` gives a pool of threads, tests may give a single thread; the bytes that come out are the same.
 */
export interface Compute {
  readonly nThreads: number
  /** Zeroed, 64-byte aligned views of the shared WASM memory; they live until the scope they were taken in ends, or `release`. */
  float32(length: number): Float32Array
  float64(length: number): Float64Array
  int32(length: number): Int32Array
  /** All that these buffers may take together. */
  readonly maxBytes: number
  /**
   * Numbers of the entries of a matrix, for jobs that say `rowStarts`: a copy in the shared memory, or, after
   * `keepEntriesOutside`, the numbers in memory that threads share too but that no address reaches.
   */
  entries<Numbers extends Int32Array | Float32Array>(numbers: Numbers): Numbers
  /** From now on entries stay outside of the shared memory, so that they may be more than 4 GiB. */
  keepEntriesOutside(): void
  /**
   * Runs `kernel` over rows [0, nRows) cut into fixed ranges that do not depend on the thread count.
   * Resolves when every range is done; rejects with the first failure or with the signal's reason.
   */
  run(job: RowJob): Promise<void>
  /** Frees, when `work` is over, every buffer that was taken meanwhile. Scopes nest, they do not overlap. */
  scoped<T>(work: () => Promise<T>): Promise<T>
  /** Frees every buffer and stops the threads. */
  release(): Promise<void>
}

/** Rows a range where a job does not say. */
export const defaultRowsPerRange = 64

export interface RowJob {
  /** Name of an exported row kernel `(rowLo, rowHi, scratch, ...args)`. */
  readonly kernel: string
  readonly nRows: number
  /** Rows a range; the default suits kernels of some 10 µs a row. */
  readonly rowsPerRange?: number
  /** Bytes of private scratch that each thread hands to the kernel. */
  readonly scratchBytes?: number
  /** Numbers are passed as they are, buffers as their address in the shared memory. */
  readonly args: readonly (number | Float32Array | Float64Array | Int32Array)[]
  /**
   * nRows + 1, in the shared memory: where the entries of each row begin. A kernel that looks at no entries but those of
   * its own rows may have them in `args` as `entries` gives them: what stays outside is copied in range by range.
   */
  readonly rowStarts?: Int32Array
  /**
   * The job is done `count` times, with 0, 1, 2 … in place of the number at `argument` of `args`; no thread begins a step
   * before all have finished the one before. Not with entries outside of the shared memory.
   */
  readonly steps?: { readonly argument: number; readonly count: number } | undefined
  readonly signal?: AbortSignal | undefined
}
