import { parentPort, workerData } from 'node:worker_threads'
import { RecsysError } from '../errors.ts'
import { flushEvents } from './flush-events.ts'
import type { FromFlush } from './flush-in-thread.ts'

void flush(workerData as string).then((message) => parentPort!.postMessage(message))

async function flush(dataDir: string): Promise<FromFlush> {
  try {
    return { type: 'flushed', flushed: await flushEvents(dataDir) }
  } catch (error) {
    const known =
      error instanceof RecsysError ? error : new RecsysError('RECSYS_BUG', { message: String(error) })
    const { code, message, remedy } = known
    return { type: 'failed', code, message, remedy }
  }
}
