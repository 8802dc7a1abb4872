import { constants, setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import type { LoaderData } from './messages.ts'
import { loadArtifact } from './threads/load-artifact.ts'

// Requests go first. Linux alone has a priority for each thread; elsewhere it would be the whole server's.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_LOW)

void loadArtifact(workerData as LoaderData).then((message) => parentPort!.postMessage(message))
