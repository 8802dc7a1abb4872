import { parentPort, workerData } from 'node:worker_threads'
import { instantiateKernels } from '../kernels/instance.ts'
import type {
  FromWorker,
  OutsideEntries,
  RunMessage,
  StepsOfThread,
  ToWorker,
  WorkerSetup,
} from './messages.ts'
import { giveUpTurns, takeTurns } from './step-turns.ts'

const port = parentPort
if (port === null) throw new Error('kernel-worker runs as a worker thread only')

const { module, memory } = workerData as WorkerSetup
const kernels = instantiateKernels(module, memory)
const send = (message: FromWorker) => port.postMessage(message)

port.on('message', (message: ToWorker) => {
  try {
    if (message.steps) runSteps(message, message.steps)
    else runRanges(message)
    send({ type: 'done', jobId: message.jobId })
  } catch (error) {
    send({ type: 'failed', jobId: message.jobId, message: String(error) })
  }
})
send({ type: 'ready' })

function runRanges(message: RunMessage): void {
  const { kernel, nRows, rowsPerRange, scratch, nextRange, args, outside } = message
  const counter = new Int32Array(memory.buffer, nextRange, 1)
  const nRanges = Math.ceil(nRows / rowsPerRange)
  // Ranges write disjoint rows, so it does not matter who takes which: the atomic add hands each out once.
  for (let range = Atomics.add(counter, 0, 1); range < nRanges; range = Atomics.add(counter, 0, 1)) {
    const lo = range * rowsPerRange
    const hi = Math.min(nRows, lo + rowsPerRange)
    kernels[kernel](lo, hi, scratch, ...(outside ? copiedIn(outside, args, lo, hi) : args))
  }
}

function runSteps(
  { kernel, nRows, rowsPerRange, scratch, args }: RunMessage,
  { turns, index, argument }: StepsOfThread,
): void {
  const own = args.slice()
  try {
    takeTurns(turns, index, (step, range) => {
      own[argument] = step
      const lo = range * rowsPerRange
      kernels[kernel](lo, Math.min(nRows, lo + rowsPerRange), scratch, ...own)
    })
  } catch (error) {
    giveUpTurns(turns)
    throw error
  }
}

/**
 * The arguments for rows [lo, hi) with their entries copied in. An array's address is where its entry 0 would lie, below the
 * window or even below 0: 32-bit addresses wrap, so that entry e is found where it was copied to.
 */
function copiedIn(
  { rowStarts, window, arrayBytes, arrays }: OutsideEntries,
  args: readonly number[],
  lo: number,
  hi: number,
) {
  const starts = new Int32Array(memory.buffer, rowStarts, hi + 1)
  const own = args.slice()
  arrays.forEach(({ argument, numbers }, at) => {
    const address = window + at * arrayBytes
    const entries = numbers.subarray(starts[lo], starts[hi])
    const bytes = new Uint8Array(memory.buffer, address, entries.byteLength)
    bytes.set(new Uint8Array(entries.buffer, entries.byteOffset, entries.byteLength))
    own[argument] = address - 4 * starts[lo]
  })
  return own
}
