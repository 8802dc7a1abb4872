import { join } from 'node:path'
import { readArtifact } from '../artifacts/artifact.ts'
import type { ArtifactContent } from '../artifacts/types.ts'
import { countHeldOut } from '../dataset/held-out-counts.ts'
import { type FactorRanking, type NeighbourRanking, type Ranking, startsOf } from '../dataset/ranking.ts'
import type { Dataset } from '../dataset/types.ts'
import { mapIndices, vocabularyOf } from '../dataset/vocabulary.ts'
import { evaluateScorer } from '../metrics/score.ts'
import { type SegmentMetrics, segmentMetrics } from '../metrics/segments.ts'
import type { Evaluation, Scorer } from '../metrics/types.ts'
import { averageRow } from '../models/average-row.ts'
import type { Model } from '../models/types.ts'
import type { ModelVersion } from '../registry/types.ts'
import { startCompute } from '../workers/pool.ts'
import { countLearntRows } from './learnt-rows.ts'
import { modelOf } from './model-artifact.ts'
import { prepareData, questionOf, sampledProtocol } from './prepare.ts'
import { evaluateBaselines, metricsOf } from './score-fold.ts'
import type { HoldoutQuestion, HoldoutScores } from './types.ts'

/**
 * Scores registered versions, now, on the same held-out rows: those of one lake version, split and seed. Ids are matched
 * by name: a user or item that a model does not know is cold, never dropped.
 */
export async function scoreOnHoldout(question: HoldoutQuestion): Promise<HoldoutScores> {
  const { dataDir, versions, nThreads, signal, onProgress } = question
  onProgress?.(`reading lake version ${question.lakeVersion}`)
  const data = await prepareData(question)
  const { dataset, folds } = data
  const { auc, sampled, seed } = question
  const ks = lengthsOf(question, dataset.items.size)
  const asked = { ...questionOf(data), ks, auc, sampled: sampledProtocol(sampled, seed), signal }
  const compute = await startCompute(nThreads === undefined ? {} : { nThreads })
  try {
    const evaluatedBaselines = await evaluateBaselines(compute, asked)
    const evaluations: Evaluation[] = []
    const nLearntRows: (number | null)[] = []
    const segments: SegmentMetrics[][] = []
    for (const version of versions) {
      onProgress?.(
        `scoring ${version.version === 0 ? `run ${version.runId}` : `${version.name} v${version.version}`}`,
      )
      const artifact = await loadArtifact(dataDir, version)
      nLearntRows.push(await countLearntRows({ ...question, dataset, fold: folds[0] }, artifact))
      const scorer = scorerOn(dataset, modelOf(artifact), artifact)
      const evaluation = await evaluateScorer(compute, asked, scorer)
      evaluations.push(evaluation)
      if (question.segments) segments.push(segmentMetrics(asked, evaluation, scorer))
    }
    const { lakeVersion } = dataset
    const { fingerprint: splitFingerprint } = folds[0]
    return {
      ...{ lakeVersion, split: question.split, splitFingerprint, splitNotes: folds[0].notes ?? [] },
      ...countHeldOut(dataset, folds[0]),
      baselines: metricsOf(evaluatedBaselines),
      ...{ data, evaluatedBaselines, evaluations },
      nLearntRows,
      segments,
      scores: evaluations.map(({ metrics }) => metrics),
    }
  } finally {
    await compute.release()
  }
}

function lengthsOf({ ks, furtherKs = [] }: HoldoutQuestion, nItems: number): number[] {
  const further = furtherKs.filter((k) => k <= nItems)
  return [...new Set([...ks, ...further])].sort((a, b) => a - b)
}

function loadArtifact(dataDir: string, version: ModelVersion): Promise<ArtifactContent> {
  const { artifactPath, manifestSha256 } = version
  return readArtifact(join(dataDir, artifactPath), { manifestSha256 })
}

/** The model seen through the ids of the dataset. */
export function scorerOn(
  dataset: Dataset,
  model: Model,
  ids: Pick<ArtifactContent, 'userIds' | 'itemIds'>,
): Scorer {
  const userOf = mapIndices(dataset.users, vocabularyOf(ids.userIds))
  const itemOf = mapIndices(dataset.items, vocabularyOf(ids.itemIds))
  return {
    predict: (user, item, timestamp) => model.predict(userOf[user], itemOf[item], timestamp),
    ranking: () => rankingThrough(model.ranking(), userOf, itemOf),
    scoreHistory: historyThrough(model, itemOf),
  }
}

/** What the model does not know of a history is left out of it. */
function historyThrough(model: Model, itemOf: Int32Array): NonNullable<Scorer['scoreHistory']> {
  const own = new Float32Array(model.nItems)
  return (history, scores) => {
    const known = history.map((entry) => ({ ...entry, itemIndex: itemOf[entry.itemIndex] }))
    model.scoreHistory(
      known.filter(({ itemIndex }) => itemIndex >= 0),
      own,
    )
    for (let item = 0; item < scores.length; item++)
      scores[item] = itemOf[item] < 0 ? unknownItemScore : own[itemOf[item]]
  }
}

/** Below any score: an item that the model does not know is never recommended by it. */
const unknownItemScore = -1e30

function rankingThrough(ranking: Ranking, userOf: Int32Array, itemOf: Int32Array): Ranking {
  if (ranking.kind === 'factors') return gatherFactors(ranking, userOf, itemOf)
  return gatherNeighbours(ranking, itemOf)
}

/** The rows of the dataset's items; what a row gives to items that the dataset does not have is left out. */
function gatherNeighbours(
  { counts, items, weights }: NeighbourRanking,
  itemOf: Int32Array,
): NeighbourRanking {
  const indexOf = new Int32Array(counts.length).fill(-1)
  itemOf.forEach((own, index) => {
    if (own >= 0) indexOf[own] = index
  })
  const starts = startsOf(counts)
  const gathered = { counts: new Float32Array(itemOf.length), items: [] as number[], weights: [] as number[] }
  itemOf.forEach((own, index) => {
    if (own < 0) return
    for (let entry = starts[own]; entry < starts[own + 1]; entry++) {
      const item = indexOf[items[entry]]
      if (item < 0) continue
      gathered.items.push(item)
      gathered.weights.push(weights[entry])
      gathered.counts[index]++
    }
  })
  return {
    kind: 'neighbours',
    counts: gathered.counts,
    items: Float32Array.from(gathered.items),
    weights: Float32Array.from(gathered.weights),
  }
}

/** One more column: 1 for every user, 0 for a known item and a very low score for an unknown one. */
function gatherFactors(
  { width, userRows, itemRows }: FactorRanking,
  userOf: Int32Array,
  itemOf: Int32Array,
): FactorRanking {
  const wider = (width + 4) & ~3
  const users = gather(userRows, userOf, width, wider, averageRow(userRows, width))
  const items = gather(itemRows, itemOf, width, wider, new Float32Array(width))
  for (let user = 0; user < userOf.length; user++) users[user * wider + width] = 1
  for (let item = 0; item < itemOf.length; item++) {
    items[item * wider + width] = itemOf[item] < 0 ? unknownItemScore : 0
  }
  return { kind: 'factors', width: wider, userRows: users, itemRows: items }
}

function gather(
  rows: Float32Array,
  indices: Int32Array,
  width: number,
  wider: number,
  unknown: Float32Array,
) {
  const gathered = new Float32Array(indices.length * wider)
  indices.forEach((index, at) => {
    const row = index < 0 ? unknown : rows.subarray(index * width, (index + 1) * width)
    gathered.set(row, at * wider)
  })
  return gathered
}
