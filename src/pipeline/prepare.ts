import { datasetFrom } from '../dataset/dataset.ts'
import { makeFolds } from '../dataset/split.ts'
import { parseSplit } from '../dataset/split-spec.ts'
import type { Dataset, Fold } from '../dataset/types.ts'
import { openLake } from '../lake/lake.ts'
import type { ItemRow } from '../lake/types.ts'

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

async function readDataset(dataDir: string, lakeVersion: number | undefined) {
  const lake = await openLake(dataDir)
  try {
    const columns = await lake.readInteractions(lakeVersion)
    return { dataset: datasetFrom(columns), items: await lake.readItems(columns.lakeVersion) }
  } finally {
    lake.close()
  }
}
