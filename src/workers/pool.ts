import { availableParallelism } from 'node:os'
import type { Worker } from 'node:worker_threads'
import { RecsysError } from '../errors.ts'
import { startWorker } from '../host.ts'
import { type Compute, defaultRowsPerRange, type RowJob } from '../kernels/compute.ts'
import { arrayBytes, windowBytes, windowEntries } from '../kernels/entry-window.ts'
import { compileKernels, fastestBuild, type RowKernelName } from '../kernels/instance.ts'
import { SharedMemory } from '../kernels/shared-memory.ts'
import type { FromWorker, OutsideArray, OutsideEntries, RunMessage, WorkerSetup } from './messages.ts'
import { callOffTurns, makeTurns } from './step-turns.ts'

export interface PoolOptions {
  /** Default: the cores of the machine. */
  readonly nThreads?: number
  /** Most shared memory that may be taken; default 4 GiB, all that WASM can address. */
  readonly maxBytes?: number
}

/** More threads than this are not counted on when memory is planned. */
const mostThreads = 64

/** A larger number than any job has ranges: whoever takes it stops. */
const calledOff = 2 ** 30

/** Threads over one shared memory. Resolves when every thread is ready. */
export async function startCompute(options: PoolOptions = {}): Promise<Compute> {
  const nThreads = options.nThreads ?? Math.min(availableParallelism(), mostThreads)
  if (!(Number.isInteger(nThreads) && nThreads >= 1 && nThreads <= mostThreads)) throw badThreads(nThreads)
  const shared = new SharedMemory(options.maxBytes)
  const setup: WorkerSetup = { module: compileKernels(fastestBuild()), memory: shared.memory }
  const threads = Array.from({ length: nThreads }, () => new KernelThread(setup))
  try {
    await Promise.all(threads.map((thread) => thread.ready))
  } catch (error) {
    await Promise.all(threads.map((thread) => thread.stop()))
    throw error
  }
  return new Pool(threads, shared)
}

/** Each thread's own working memory. */
interface Scratch {
  readonly sizeBytes: number
  readonly addresses: readonly number[]
}

const noScratch: Scratch = { sizeBytes: 0, addresses: [] }

class Pool implements Compute {
  readonly #threads: readonly KernelThread[]
  readonly #shared: SharedMemory
  readonly #nextRange: Int32Array
  #scratch = noScratch
  #jobs = 0
  #entriesOutside = false
  /** What `entries` gave that has no address. */
  readonly #outside = new WeakSet<object>()
  #busy: Promise<unknown> = Promise.resolve()

  constructor(threads: readonly KernelThread[], shared: SharedMemory) {
    this.#threads = threads
    this.#shared = shared
    this.#nextRange = shared.int32(1)
  }

  get nThreads(): number {
    return this.#threads.length
  }

  float32(length: number): Float32Array {
    return this.#shared.float32(length)
  }

  float64(length: number): Float64Array {
    return this.#shared.float64(length)
  }

  int32(length: number): Int32Array {
    return this.#shared.int32(length)
  }

  get maxBytes(): number {
    return this.#shared.maxBytes
  }

  keepEntriesOutside(): void {
    this.#entriesOutside = true
  }

  entries<Numbers extends Int32Array | Float32Array>(numbers: Numbers): Numbers {
    const isInt = numbers instanceof Int32Array
    if (!this.#entriesOutside) {
      const own = isInt ? this.int32(numbers.length) : this.float32(numbers.length)
      own.set(numbers)
      return own as Numbers
    }
    const shared = numbers.buffer instanceof SharedArrayBuffer ? numbers : (shareNumbers(numbers) as Numbers)
    this.#outside.add(shared)
    return shared
  }

  /** Jobs run one after the other, in the order of the calls. */
  run(job: RowJob): Promise<void> {
    const result = this.#busy.then(() => this.#runNow(job))
    this.#busy = result.catch(() => undefined)
    return result
  }

  async scoped<T>(work: () => Promise<T>): Promise<T> {
    const top = this.#shared.top
    try {
      return await work()
    } finally {
      this.#shared.rewind(top)
      if (this.#scratch.addresses.some((address) => address >= top)) this.#scratch = noScratch
    }
  }

  async release(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()))
  }

  async #runNow(job: RowJob): Promise<void> {
    job.signal?.throwIfAborted()
    const { kernel, nRows, rowsPerRange = defaultRowsPerRange } = job
    const args = job.args.map((argument) => (typeof argument === 'number' ? argument : argument.byteOffset))
    const outside = this.#outsideOf(job)
    const scratchBytes = Math.ceil((job.scratchBytes ?? 0) / 64) * 64
    const scratch = this.#scratchFor(scratchBytes + outside.windowBytes)
    Atomics.store(this.#nextRange, 0, 0)
    const turns =
      job.steps && makeTurns(job.steps.count, Math.ceil(nRows / rowsPerRange), this.#threads.length)
    const callOff = () => {
      Atomics.store(this.#nextRange, 0, calledOff)
      if (turns) callOffTurns(turns)
    }
    job.signal?.addEventListener('abort', callOff, { once: true })
    const common = {
      type: 'run',
      jobId: ++this.#jobs,
      kernel: kernel as RowKernelName,
      nRows,
      rowsPerRange,
      args,
    } as const
    const nextRange = this.#nextRange.byteOffset
    const runs = this.#threads.map((thread, index) =>
      thread.run({
        ...{ ...common, nextRange, scratch: scratch[index] },
        steps: turns && job.steps && { turns, index, argument: job.steps.argument },
        outside: outside.entries && { ...outside.entries, window: scratch[index] + scratchBytes },
      }),
    )
    const outcomes = await Promise.allSettled(runs)
    job.signal?.removeEventListener('abort', callOff)
    job.signal?.throwIfAborted()
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed) throw failed.reason
  }

  /** The arguments without an address, and the room that each thread needs to copy the entries of a range. */
  #outsideOf({ args, rowStarts, rowsPerRange, steps }: RowJob): OutsideOfJob {
    const arrays = args.flatMap((numbers, argument): OutsideArray[] =>
      typeof numbers === 'object' && this.#outside.has(numbers)
        ? [{ argument, numbers: numbers as OutsideArray['numbers'] }]
        : [],
    )
    if (arrays.length === 0) return { windowBytes: 0, entries: undefined }
    if (steps) throw new Error('a job of many steps cannot read entries outside of the shared memory')
    if (rowStarts === undefined) throw new Error('entries outside of the shared memory need rowStarts')
    const nEntries = windowEntries(rowStarts, rowsPerRange)
    return {
      windowBytes: windowBytes(nEntries, arrays.length),
      entries: { rowStarts: rowStarts.byteOffset, arrayBytes: arrayBytes(nEntries), arrays },
    }
  }

  /** Scratch is kept from job to job and only replaced by a larger one. */
  #scratchFor(sizeBytes: number): readonly number[] {
    if (sizeBytes > this.#scratch.sizeBytes || this.#scratch.addresses.length === 0) {
      this.#scratch = { sizeBytes, addresses: this.#threads.map(() => this.#shared.allocate(sizeBytes)) }
    }
    return this.#scratch.addresses
  }
}

interface OutsideOfJob {
  readonly windowBytes: number
  readonly entries: Omit<OutsideEntries, 'window'> | undefined
}

function shareNumbers(numbers: Int32Array | Float32Array): Int32Array | Float32Array {
  const buffer = new SharedArrayBuffer(numbers.byteLength)
  const shared = numbers instanceof Int32Array ? new Int32Array(buffer) : new Float32Array(buffer)
  shared.set(numbers)
  return shared
}

/** One worker thread, which does one job at a time. */
class KernelThread {
  readonly ready: Promise<void>
  readonly #worker: Worker
  #current: { resolve(): void; reject(error: Error): void } | undefined
  /** Why the thread takes no more jobs. */
  #ended: RecsysError | undefined

  constructor(setup: WorkerSetup) {
    this.#worker = startWorker('workers/kernel-worker', { workerData: setup })
    this.ready = this.#next()
    this.#worker.on('message', (message: FromWorker) => {
      if (message.type === 'failed') this.#settle(stopped(message.message))
      else this.#settle()
    })
    this.#worker.on('error', (error: Error) => this.#end(stopped(error.message, error)))
    this.#worker.on('exit', (code) => this.#end(stopped(`it ended with code ${code}`)))
  }

  run(message: RunMessage): Promise<void> {
    if (this.#ended) return Promise.reject(this.#ended)
    const done = this.#next()
    this.#worker.postMessage(message)
    return done
  }

  async stop(): Promise<void> {
    this.#end(stopped('the pool was released'))
    await this.#worker.terminate()
  }

  #next(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#current = { resolve, reject }
    })
  }

  /** The first reason stays: nothing answers to a job from now on, so none may be sent. */
  #end(reason: RecsysError): void {
    this.#ended ??= reason
    this.#settle(this.#ended)
  }

  #settle(error?: Error): void {
    const current = this.#current
    this.#current = undefined
    if (error) current?.reject(error)
    else current?.resolve()
  }
}

function badThreads(nThreads: number): RecsysError {
  return new RecsysError('RECSYS_USAGE', {
    message: `--threads is ${nThreads}, expected an integer from 1 to ${mostThreads}`,
    field: 'threads',
  })
}

function stopped(message: string, cause?: unknown): RecsysError {
  return new RecsysError('RECSYS_KERNEL_FAILED', { message: `a kernel thread stopped: ${message}`, cause })
}
