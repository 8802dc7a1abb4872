import type { RowKernelName } from '../kernels/instance.ts'
import type { StepTurns } from './step-turns.ts'

/** What a worker gets when it starts. */
export interface WorkerSetup {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
}

/** One job for every worker; ranges are handed out by the counter at `nextRange`. */
export interface RunMessage {
  readonly type: 'run'
  readonly jobId: number
  readonly kernel: RowKernelName
  readonly nRows: number
  readonly rowsPerRange: number
  /** Address of this worker's own scratch. */
  readonly scratch: number
  /** Address of the int32 that holds the next range to take; the job is called off by a number beyond the last. */
  readonly nextRange: number
  readonly args: readonly number[]
  readonly outside?: OutsideEntries | undefined
  /** For a job of many steps, in place of the counter. */
  readonly steps?: StepsOfThread | undefined
}

export interface StepsOfThread {
  readonly turns: StepTurns
  /** Of this worker, below `turns.nThreads`. */
  readonly index: number
  /** Which of `args` the number of the step stands for. */
  readonly argument: number
}

/** Arguments that no address reaches, to be copied into a window for each range of rows. */
export interface OutsideEntries {
  /** Address of the nRows + 1 starts of the rows. */
  readonly rowStarts: number
  /** Address of this worker's own window, and bytes from one array in it to the next. */
  readonly window: number
  readonly arrayBytes: number
  readonly arrays: readonly OutsideArray[]
}

export interface OutsideArray {
  /** Which of `args` it stands for. */
  readonly argument: number
  readonly numbers: Int32Array | Float32Array
}

export type ToWorker = RunMessage

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly jobId: number }
  | { readonly type: 'failed'; readonly jobId: number; readonly message: string }
