import { parentPort, workerData } from 'node:worker_threads'
import { instantiateKernels } from '../kernels/instance.ts'
import type { FromWorker, RunMessage, ToWorker, WorkerSetup } from './messages.ts'

const port = parentPort
if (port === null) throw new Error('kernel-worker runs as a worker thread only')

const { module, memory } = workerData as WorkerSetup
const kernels = instantiateKernels(module, memory)
const send = (message: FromWorker) => port.postMessage(message)

port.on('message', (message: ToWorker) => {
  try {
    runRanges(message)
    send({ type: 'done', jobId: message.jobId })
  } catch (error) {
    send({ type: 'failed', jobId: message.jobId, message: String(error) })
  }
})
send({ type: 'ready' })

function runRanges({ kernel, nRows, rowsPerRange, scratch, nextRange, args }: RunMessage): void {
  const counter = new Int32Array(memory.buffer, nextRange, 1)
  const nRanges = Math.ceil(nRows / rowsPerRange)
  // Ranges write disjoint rows, so it does not matter who takes which: the atomic add hands each out once.
  for (let range = Atomics.add(counter, 0, 1); range < nRanges; range = Atomics.add(counter, 0, 1)) {
    const lo = range * rowsPerRange
    kernels[kernel](lo, Math.min(nRows, lo + rowsPerRange), scratch, ...args)
  }
}
