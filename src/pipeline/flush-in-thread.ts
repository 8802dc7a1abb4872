import { type ErrorCode, RecsysError } from '../errors.ts'
import { startWorker } from '../host.ts'
import type { EventsFlushed } from './flush-events.ts'

export type FromFlush =
  | { readonly type: 'flushed'; readonly flushed: EventsFlushed }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string; readonly remedy: string }

/**
 * As `flushEvents`, in a thread of its own: 100,000 events take a quarter of a second, in which a server would neither store
 * events nor answer an admin.
 */
export async function flushInThread(dataDir: string): Promise<EventsFlushed> {
  const worker = startWorker('pipeline/flush-worker', { workerData: dataDir })
  try {
    const message = await new Promise<FromFlush>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', (code) =>
        reject(
          new RecsysError('RECSYS_THREAD_DIED', {
            message: `the thread that flushes events ended with code ${code}`,
          }),
        ),
      )
    })
    if (message.type === 'flushed') return message.flushed
    throw new RecsysError(message.code, message)
  } finally {
    await worker.terminate()
  }
}
