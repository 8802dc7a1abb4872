import { datasetFrom } from '../dataset/dataset.ts'
import { makeFolds } from '../dataset/split.ts'
import { parseSplit } from '../dataset/split-spec.ts'
import type { Dataset, Fold } from '../dataset/types.ts'
import { openLake } from '../lake/lake.ts'
import type { ItemRow } from '../lake/types.ts'
import type { RankingQuestion, SampledProtocol } from '../metrics/types.ts'

export interface DataQuestion {
  readonly dataDir: string
  /** Default: the latest. */
  readonly lakeVersion?: number | undefined
  readonly split: string
  readonly seed: number
}

export interface PreparedData {
  readonly dataset: Dataset
  readonly items: readonly ItemRow[]
  /** One, or as many as `kfold` says. */
  readonly folds: readonly [Fold, ...Fold[]]
}

/** One version of the lake, indexed and cut. The split's text is checked before anything is read. */
export async function prepareData({
  dataDir,
  lakeVersion,
  split,
  seed,
}: DataQuestion): Promise<PreparedData> {
  const spec = parseSplit(split)
  const { dataset, items } = await readDataset(dataDir, lakeVersion)
  const folds = makeFolds(dataset, spec, seed) as [Fold, ...Fold[]]
  return { dataset, items, folds }
}

/** The NCF protocol with so many sampled items, none where it was not asked for. */
export function sampledProtocol(nItems: number | undefined, seed: number): SampledProtocol | undefined {
  return nItems === undefined ? undefined : { nItems, seed }
}

/** What metrics ask of these data; the first fold where no other is named. */
export function questionOf(
  { dataset, items, folds }: PreparedData,
  fold: Fold = folds[0],
): Pick<RankingQuestion, 'dataset' | 'fold' | 'categories'> {
  const categoriesOf = new Map(items.map(({ itemId, categories }) => [itemId, categories]))
  return { dataset, fold, categories: dataset.items.ids.map((itemId) => categoriesOf.get(itemId) ?? []) }
}

async function readDataset(dataDir: string, lakeVersion: number | undefined) {
  const lake = await openLake(dataDir)
  try {
    const columns = await lake.readInteractions(lakeVersion)
    return { dataset: datasetFrom(columns), items: await lake.readItems(columns.lakeVersion) }
  } finally {
    lake.close()
  }
}
