import { join } from 'node:path'
import { readArtifact } from '../artifacts/artifact.ts'
import { readPairs } from '../dataset/pair-file.ts'
import type { Model } from '../models/types.ts'
import { chooseVersion, type VersionChoice } from './choose-version.ts'
import { modelOf } from './model-artifact.ts'
import { readRegistry } from './read-registry.ts'

/** What is asked: one pair, or those of a file as `readPairs` reads it. */
export type PredictQuestion =
  | { readonly userId: string; readonly itemId: string }
  | { readonly pairsPath: string }

/** Who of a pair the model knows: what a prediction rests on. */
export type Basis = 'user and item' | 'item' | 'user' | 'mean'

export interface Prediction {
  readonly userId: string
  readonly itemId: string
  readonly title: string | null
  /** Expected rating, within the scale. */
  readonly rating: number
  /** Standard deviation of the rating to come; null where the algorithm has no distribution of it. */
  readonly deviation: number | null
  readonly basis: Basis
}

/** The `--json` document of `recsys predict`. */
export interface PredictionReport {
  readonly name: string
  readonly version: number
  readonly runId: string
  readonly algorithm: string
  readonly ratingRange: readonly [min: number, max: number]
  readonly predictions: readonly Prediction[]
}

/**
 * The ratings that a registered version expects.
 * @throws RECSYS_VERSION_UNKNOWN | RECSYS_RUN_UNKNOWN | RECSYS_PAIR_FILE | RECSYS_ARTIFACT_CORRUPT | RECSYS_ARTIFACT_MISSING
 */
export async function predictRatings(
  options: VersionChoice & { readonly dataDir: string; readonly question: PredictQuestion },
): Promise<PredictionReport> {
  const { dataDir, question } = options
  const version = readRegistry(dataDir, (registry) => chooseVersion(registry, options))
  const pairs = 'pairsPath' in question ? [...readPairs(question.pairsPath)] : [question]
  const { manifestSha256, artifactPath } = version
  const content = await readArtifact(join(dataDir, artifactPath), { manifestSha256 })
  const model = modelOf(content)
  const [users, items] = [placesOf(content.userIds), placesOf(content.itemIds)]
  const predictions = pairs.map(({ userId, itemId }) => {
    const [user, item] = [users.get(userId) ?? -1, items.get(itemId) ?? -1]
    const title = content.itemTitles[item] ?? null
    return { userId, itemId, title, ...predictOne(model, user, item) }
  })
  const { name, runId } = version
  const { algorithm, ratingRange } = content.manifest
  return { name, version: version.version, runId, algorithm, ratingRange, predictions }
}

function placesOf(ids: readonly string[]): ReadonlyMap<string, number> {
  return new Map(ids.map((id, index) => [id, index]))
}

/** @param user  −1 for one the model does not know; so too the item */
function predictOne(model: Model, user: number, item: number) {
  const knows = { user: user >= 0, item: item >= 0 }
  const basis: Basis =
    knows.user && knows.item ? 'user and item' : knows.item ? 'item' : knows.user ? 'user' : 'mean'
  return { rating: model.predict(user, item), deviation: model.deviation?.(user, item) ?? null, basis }
}
