import { RecsysError } from '../../errors.ts'
import { type DriftReport, measureDrift } from '../../pipeline/drift.ts'
import {
  type InteractionShapes,
  lakeTables,
  latestInteractions,
  readRejects,
  readShapes,
  tableHistory,
} from '../../pipeline/lake-queries.ts'
import type { Answers } from '../types.ts'
import type { AnswerContext } from './context.ts'

const mostRejectFiles = 20
const driftEveryMs = 30_000

let shapes: InteractionShapes | undefined
let drift: { readonly at: number; readonly report: DriftReport | null } | undefined

export async function data(context: AnswerContext): Promise<Answers['data']> {
  const { dataDir } = context
  const version = await latestInteractions(dataDir)
  if (version !== null && shapes?.version !== version) shapes = await readShapes(dataDir)
  return {
    tables: lakeTables.flatMap((table) => {
      const versions = historyOf(dataDir, table)
      return versions.length === 0 ? [] : [{ table, versions }]
    }),
    shapes: version === null ? null : (shapes ?? null),
    rejects: await readRejects(dataDir, mostRejectFiles),
    drift: version === null ? null : await driftOf(context),
  }
}

function historyOf(dataDir: string, table: (typeof lakeTables)[number]) {
  return withoutLake(() => tableHistory(dataDir, table)) ?? []
}

async function driftOf({ dataDir, modelName }: AnswerContext): Promise<DriftReport | null> {
  if (drift && Date.now() - drift.at < driftEveryMs) return drift.report
  const report = await measureDrift({ dataDir, name: modelName })
  drift = { at: Date.now(), report }
  return report
}

function withoutLake<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof RecsysError && error.code === 'RECSYS_LAKE_MISSING') return undefined
    throw error
  }
}
