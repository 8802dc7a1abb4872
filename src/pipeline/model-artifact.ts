import type { ArtifactContent, ArtifactHeader, Repeats } from '../artifacts/types.ts'
import type { Dataset, Fold } from '../dataset/types.ts'
import type { ItemRow } from '../lake/types.ts'
import { restoreModel } from '../models/algorithms.ts'
import type { AlgorithmName, Model } from '../models/types.ts'
import { historyColumns } from './history-columns.ts'
import { itemColumns } from './item-columns.ts'

export interface TrainedOn {
  readonly dataset: Dataset
  readonly fold: Fold
  readonly items: readonly ItemRow[]
  readonly seed: number
  readonly split: string
  /** Whether lists show what the user has seen already; left out: 'exclude'. */
  readonly repeats?: Repeats | undefined
}

/** What a caller gives to the model behind the API, and gets back. */
const signature: ArtifactHeader['signature'] = {
  inputs: { userId: 'string', k: 'int32' },
  outputs: { itemId: 'string', score: 'float32' },
}

/**
 * A model with all that serving needs of it. The history holds every known row, held-out ones too: whoever asks for
 * recommendations has seen them.
 */
export function artifactOf(
  model: Model,
  { dataset, fold, items, seed, split, repeats }: TrainedOn,
): ArtifactContent {
  const { users, items: catalogue, lakeVersion } = dataset
  const { algorithm, params, nUsers, nItems, ratingRange, tensors } = model
  return {
    manifest: {
      ...{ algorithm, params, seed, split, splitFingerprint: fold.fingerprint },
      ...{ lakeVersion, ratingRange, nUsers, nItems, signature },
      ...(repeats === undefined ? {} : { repeats }),
    },
    userIds: users.ids,
    itemIds: catalogue.ids,
    tensors,
    ...historyColumns(dataset),
    ...itemColumns(dataset, items, fold.isTrain),
  }
}

/** @throws RECSYS_MODEL_SHAPE */
export function modelOf({ manifest, tensors }: ArtifactContent): Model {
  const { params, nUsers, nItems, ratingRange } = manifest
  const algorithm = manifest.algorithm as AlgorithmName
  return restoreModel({ algorithm, params, nUsers, nItems, ratingRange, tensors })
}
