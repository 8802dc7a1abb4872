import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import type { NewItemsData } from './messages.ts'
import { NewItemWatch } from './threads/new-item-watch.ts'

void follow(workerData as NewItemsData)

async function follow({ dataDir, model, intervalMs }: NewItemsData): Promise<never> {
  const watch = new NewItemWatch(dataDir, model)
  parentPort!.postMessage('ready')
  for (;;) {
    const found = watch.look()
    if (found) parentPort!.postMessage(found)
    await delay(intervalMs)
  }
}
