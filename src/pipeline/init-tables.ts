import { type ImportOptions, type ImportReport, importRatings } from '../lake/import/import-ratings.ts'
import { createSample, type SampleOptions } from '../lake/sample/create-sample.ts'

export type InitTablesOptions = ImportOptions | SampleOptions

export interface InitTablesReport extends ImportReport {
  readonly durationMs: number
}

/** Creates or extends the lake: from ratings files, or with a generated sample where no source is named. */
export async function initTables(options: InitTablesOptions): Promise<InitTablesReport> {
  const start = performance.now()
  const report = await ('from' in options ? importRatings(options) : createSample(options))
  return { ...report, durationMs: Math.round(performance.now() - start) }
}
