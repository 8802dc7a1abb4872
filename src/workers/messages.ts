import type { RowKernelName } from '../kernels/instance.ts'

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
}

export type ToWorker = RunMessage

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly jobId: number }
  | { readonly type: 'failed'; readonly jobId: number; readonly message: string }
