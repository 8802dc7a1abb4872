import { parentPort, workerData } from 'node:worker_threads'
import type { RequestThreadData } from './messages.ts'
import { runRequestThread } from './threads/request-thread.ts'

void runRequestThread(workerData as RequestThreadData, parentPort!)
