import { parentPort, workerData } from 'node:worker_threads'
import type { LoaderData } from './messages.ts'
import { loadArtifact } from './threads/load-artifact.ts'

void loadArtifact(workerData as LoaderData).then((message) => parentPort!.postMessage(message))
