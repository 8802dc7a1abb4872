import { readArtifact } from '../../artifacts/artifact.ts'
import type { ArtifactContent } from '../../artifacts/types.ts'
import { RecsysError } from '../../errors.ts'
import type { FromLoader, LoadedModel, LoaderData } from '../messages.ts'
import { smokeTest } from '../ranking/smoke-test.ts'
import { shareModel } from '../shared/shared-model.ts'
import type { ModelIdentity } from '../types.ts'

/**
 * The work of a loader thread: reads and verifies an artifact, moves it into shared memory and tries it out. What the
 * reading needed in memory goes when the thread ends.
 */
export async function loadArtifact({
  directory,
  manifestSha256,
  identity,
  nThreads,
}: LoaderData): Promise<FromLoader> {
  try {
    const start = performance.now()
    const content = await readArtifact(directory, { manifestSha256 })
    return { type: 'loaded', loaded: shareAndTry(content, identity, nThreads, performance.now() - start) }
  } catch (error) {
    const { code, message, remedy } = error instanceof RecsysError ? error : unfit(error)
    return { type: 'failed', code, message, remedy }
  }
}

/** @throws RECSYS_MODEL_UNFIT | RECSYS_MODEL_SHAPE */
export function shareAndTry(
  content: ArtifactContent,
  identity: ModelIdentity,
  nThreads: number,
  readMs: number,
): LoadedModel {
  const { algorithm } = content.manifest
  if (algorithm !== identity.algorithm) {
    throw unfit(`its artifact holds a ${algorithm} model, expected ${identity.algorithm}`)
  }
  const start = performance.now()
  const model = shareModel(content, identity, nThreads)
  const shared = performance.now()
  smokeTest(model)
  return { model, readMs, shareMs: shared - start, smokeTestMs: performance.now() - shared }
}

function unfit(reason: unknown): RecsysError {
  return new RecsysError('RECSYS_MODEL_UNFIT', {
    message: `the model cannot be used: ${reason}`,
    cause: reason,
  })
}
