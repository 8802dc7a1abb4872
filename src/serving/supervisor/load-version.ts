import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type ErrorCode, errorCatalogue, RecsysError } from '../../errors.ts'
import { startWorker } from '../../host.ts'
import type { ModelVersion } from '../../registry/types.ts'
import type { FromLoader, LoadedModel, LoaderData } from '../messages.ts'

/** A model that takes longer to load is given up; the next attempt starts afresh. */
const loadTimeoutMs = 10 * 60_000

/**
 * Loads a registered version in a thread of its own, so that neither requests nor the supervisor wait for it.
 * @throws RECSYS_ARTIFACT_* for its files, RECSYS_MODEL_UNFIT for what they hold, RECSYS_THREAD_DIED
 */
export async function loadVersion(
  dataDir: string,
  version: ModelVersion,
  nThreads: number,
  signal: AbortSignal,
): Promise<LoadedModel> {
  const message = await runLoader(
    {
      directory: resolve(dataDir, version.artifactPath),
      manifestSha256: version.manifestSha256,
      nThreads,
      identity: {
        name: version.name,
        version: version.version,
        runId: version.runId,
        algorithm: version.algorithm,
        source: version.algorithm === 'popular' ? 'popular' : 'model',
      },
    },
    signal,
  )
  if (message.type === 'loaded') return message.loaded
  const { code, message: text, remedy } = message
  const known = Object.hasOwn(errorCatalogue, code) ? (code as ErrorCode) : 'RECSYS_MODEL_UNFIT'
  throw new RecsysError(known, { message: text, ...(remedy === null ? {} : { remedy }) })
}

async function runLoader(workerData: LoaderData, signal: AbortSignal): Promise<FromLoader> {
  const worker = startWorker('serving/loader-worker', { workerData })
  const done = new AbortController()
  try {
    return await Promise.race([
      new Promise<FromLoader>((resolve, reject) => {
        worker.once('message', resolve)
        worker.once('error', (cause) => reject(died(`failed: ${cause}`, cause)))
        worker.once('exit', (code) => reject(died(`ended with code ${code}`)))
      }),
      delay(loadTimeoutMs, undefined, { signal: AbortSignal.any([done.signal, signal]) }).then(() => {
        throw died(`was not done after ${loadTimeoutMs / 60_000} minutes`)
      }),
    ])
  } finally {
    done.abort()
    await worker.terminate()
  }
}

function died(what: string, cause?: unknown): RecsysError {
  return new RecsysError('RECSYS_THREAD_DIED', { message: `the thread that loads the model ${what}`, cause })
}
