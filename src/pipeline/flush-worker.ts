import { parentPort, workerData } from 'node:worker_threads'
import { RecsysError } from '../errors.ts'
import { flushEvents } from './flush-events.ts'
import type { FromFlush } from './flush-in-thread.ts'

const say = (message: FromFlush) => parentPort!.postMessage(message)

try {
  say({ type: 'flushed', flushed: await flushEvents(workerData as string) })
} catch (error) {
  const { code, message, remedy } =
    error instanceof RecsysError ? error : new RecsysError('RECSYS_BUG', { message: String(error) })
  say({ type: 'failed', code, message, remedy })
}
