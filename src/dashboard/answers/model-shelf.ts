import { join } from 'node:path'
import { LRUCache } from 'lru-cache'
import { RecsysError } from '../../errors.ts'
import type { ModelVersion } from '../../registry/types.ts'
import { ServedModel } from '../../serving/ranking/served-model.ts'
import { loadArtifact } from '../../serving/threads/load-artifact.ts'

/** Two models side by side and one to look back at. */
const mostModels = 3
/** Of the scoring memory, which this thread has to itself. */
const desk = 1

/** Models that somebody tries out, loaded as a server loads them. */
export class ModelShelf {
  readonly #dataDir: string
  readonly #models = new LRUCache<string, Promise<ServedModel>>({ max: mostModels })

  constructor(dataDir: string) {
    this.#dataDir = dataDir
  }

  /** @throws RECSYS_ARTIFACT_MISSING, RECSYS_ARTIFACT_CORRUPT, RECSYS_MODEL_UNFIT */
  take(version: ModelVersion): Promise<ServedModel> {
    const key = `${version.name} v${version.version}`
    const known = this.#models.get(key)
    if (known) return known
    const loading = this.#load(version)
    this.#models.set(key, loading)
    loading.catch(() => this.#models.delete(key))
    return loading
  }

  async #load({
    name,
    version,
    runId,
    algorithm,
    artifactPath,
    manifestSha256,
  }: ModelVersion): Promise<ServedModel> {
    const message = await loadArtifact({
      directory: join(this.#dataDir, artifactPath),
      manifestSha256,
      identity: { name, version, runId, algorithm, source: algorithm === 'popular' ? 'popular' : 'model' },
      nThreads: desk,
    })
    if (message.type === 'loaded') return new ServedModel(message.loaded.model, desk)
    const { code, message: text, remedy } = message
    throw new RecsysError(code as 'RECSYS_MODEL_UNFIT', { message: text, ...(remedy ? { remedy } : {}) })
  }
}
