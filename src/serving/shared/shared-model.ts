import { randomUUID } from 'node:crypto'
import type { ArtifactContent, ArtifactTensor } from '../../artifacts/types.ts'
import { restoreModel } from '../../models/algorithms.ts'
import type { AlgorithmName } from '../../models/types.ts'
import type { ModelIdentity } from '../types.ts'
import { type AttributeTable, buildAttributeTable } from './attribute-table.ts'
import { buildCategoryTable, type CategoryTable } from './category-table.ts'
import { buildIdTable, type IdTable } from './id-table.ts'
import { buildItemText, type ItemText } from './item-text.ts'
import { buildScoringMemory, type ScoringMemory } from './scoring-memory.ts'

/**
 * A model as all threads see it. Every array lies in shared memory and is never written after `shareModel`: posting
 * this object to a thread copies a few hundred bytes, and threads need no locks.
 */
export interface SharedModel {
  /** Different for every model that may answer differently. */
  readonly key: string
  readonly identity: ModelIdentity
  readonly algorithm: string
  readonly params: Readonly<Record<string, number | string | boolean>>
  readonly ratingRange: readonly [min: number, max: number]
  /** Of the items and of the model; of the user tensors only the shape, their content is `userRows`. */
  readonly tensors: Readonly<Record<string, ArtifactTensor>>
  /** Whether a user is ranked by `userRows` or, by a model of items, by what they have touched. */
  readonly rankedBy: 'factors' | 'neighbours'
  /** Ranking rows, `scoring.width` floats a user: score(u, i) = ⟨userRows[u], itemRows[i]⟩; empty for a model of items. */
  readonly userRows: Float32Array
  readonly scoring: ScoringMemory
  readonly users: IdTable
  readonly items: IdTable
  readonly itemText: ItemText
  readonly categories: CategoryTable
  readonly attributes: AttributeTable
  /** User u has touched `historyItems[historyStarts[u] .. historyStarts[u + 1])`. */
  readonly historyStarts: Int32Array
  readonly historyItems: Int32Array
  readonly itemInteractions: Int32Array
  /** Item indices, most interactions first, lower index first among equals. */
  readonly popularOrder: Int32Array
  /** The same by interactions of late, and what each item's are worth; null where the times are not known. */
  readonly trend: { readonly order: Int32Array; readonly scores: Float32Array } | null
}

/**
 * Copies an artifact into shared memory and builds what requests look things up in. Takes time: not on a request
 * thread.
 * @param nThreads  request threads, numbered from 1; desk 0 is for the trial of the model
 * @throws RECSYS_MODEL_SHAPE
 */
export function shareModel(content: ArtifactContent, identity: ModelIdentity, nThreads: number): SharedModel {
  const { algorithm, params, ratingRange, nItems } = content.manifest
  const { kind, width, userRows, itemRows } = rankingRows(content)
  const { name, version, runId } = identity
  return {
    key: version === null ? randomUUID() : `${name}/${version}/${runId}`,
    identity,
    algorithm,
    params,
    ratingRange,
    tensors: itemTensors(content.tensors),
    rankedBy: kind,
    userRows: sharedFloats(userRows),
    scoring: buildScoringMemory(userRows, itemRows, width, nItems, nThreads + 1),
    users: buildIdTable(content.userIds),
    items: buildIdTable(content.itemIds),
    itemText: buildItemText(content),
    categories: buildCategoryTable(content.itemCategories),
    attributes: buildAttributeTable(content.itemAttributes),
    historyStarts: shared(content.historyStarts),
    historyItems: shared(content.historyItems),
    itemInteractions: shared(content.itemInteractions),
    popularOrder: shared(mostFirst(content.itemInteractions)),
    trend: content.itemTrend
      ? { order: shared(mostFirst(content.itemTrend)), scores: sharedFloats(content.itemTrend) }
      : null,
  }
}

function rankingRows({ manifest, tensors, userIds, itemIds }: ArtifactContent) {
  const { params, ratingRange } = manifest
  const algorithm = manifest.algorithm as AlgorithmName
  const shape = { nUsers: userIds.length, nItems: itemIds.length }
  const ranking = restoreModel({ algorithm, params, ratingRange, tensors, ...shape }).ranking()
  if (ranking.kind === 'factors') return ranking
  const none = new Float32Array(0)
  return { kind: ranking.kind, width: 0, userRows: none, itemRows: none }
}

function itemTensors(tensors: ArtifactContent['tensors']): Record<string, ArtifactTensor> {
  const copies = Object.entries(tensors).map(([name, { axis, width, data }]) => {
    return [name, { axis, width, data: sharedFloats(axis === 'user' ? data.subarray(0, 0) : data) }] as const
  })
  return Object.fromEntries(copies)
}

function sharedFloats(values: Float32Array): Float32Array {
  const copy = new Float32Array(new SharedArrayBuffer(values.byteLength))
  copy.set(values)
  return copy
}

function shared(values: Int32Array): Int32Array {
  const copy = new Int32Array(new SharedArrayBuffer(values.byteLength))
  copy.set(values)
  return copy
}

function mostFirst(values: Int32Array | Float32Array): Int32Array {
  const order = Int32Array.from(values, (_, index) => index)
  return order.sort((a, b) => values[b]! - values[a]! || a - b)
}
