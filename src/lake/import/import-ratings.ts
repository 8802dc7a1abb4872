import { totalmem } from 'node:os'
import { join } from 'node:path'
import { type Database, openDatabase } from '../duckdb.ts'
import { withStaging } from '../staging.ts'
import { type ColumnChoice, mapColumns } from './column-names.ts'
import { deduplicate } from './deduplicate.ts'
import { codeIds } from './id-codes.ts'
import { createItemStage, stageItemsFile, stageMovieLensItems } from './item-metadata.ts'
import { plainFile, unusable } from './plain-file.ts'
import { currentInteractions, type Published, publish } from './publish.ts'
import type { ImportMode } from './publish-context.ts'
import { recordSource } from './record-source.ts'
import { type RejectReason, setAside } from './rejects.ts'
import type { RatingRange } from './row-checks.ts'
import { findSource, type Source } from './source.ts'
import { collectMalformed, createStage, type StagedFile, stageFile } from './stage.ts'
import { createUserStage, stageMovieLensUsers } from './user-metadata.ts'

export interface ImportOptions extends WritingOptions {
  /** A file, a folder or a glob. */
  readonly from: string
  readonly columns?: ColumnChoice
  /** Between the fields of a line; guessed where left out. */
  readonly delimiter?: string
  /** A file with id, title and categories of items. */
  readonly items?: string
  readonly ratingRange?: RatingRange
  /** Share of the rows that may be set aside, 0 to 1. */
  readonly maxRejects: number
}

export interface WritingOptions {
  readonly dataDir: string
  readonly mode: ImportMode
  readonly signal?: AbortSignal
  readonly onPhase?: (text: string) => void
}

/** The numbers of an import: `rowsRead = rowsKept + rowsDuplicate + rowsRejected`. */
export interface ImportReport {
  readonly source: string
  readonly layout: Source['layout'] | 'sample'
  readonly mode: ImportMode
  readonly rowsRead: number
  readonly rowsKept: number
  /** Rows that lost against another row of the source or a newer row of the table. */
  readonly rowsDuplicate: number
  readonly rowsRejected: number
  /** Rows of the table that a row of the source replaced; 0 but with --append. */
  readonly rowsReplaced: number
  readonly rejectsFile: string | null
  readonly rejectReasons: readonly RejectReason[]
  /** Rows, users and items of the table `interactions` now. */
  readonly interactions: number
  readonly users: number
  readonly items: number
  /** Share of all (user, item) pairs that have a row. */
  readonly density: number
  readonly versions: Published['versions']
}

/** What fills the stage with rows; says what it was and how many files took part. */
export interface StagedImport {
  readonly source: string
  readonly layout: ImportReport['layout']
  readonly files: readonly StagedFile[]
}

/**
 * Imports ratings into the lake: read and check every row, set aside what cannot be right, remove duplicates, publish.
 * @throws RECSYS_LAKE_EXISTS, RECSYS_LAKE_CONFLICT, RECSYS_IMPORT_*, RECSYS_DATA_DIR_UNWRITABLE; the tables are as
 *   they were then
 */
export function importRatings(options: ImportOptions): Promise<ImportReport> {
  const source = findSource(options.from)
  return stageAndPublish(options, options.maxRejects, (database, stagingDirectory) =>
    stageSource(database, stagingDirectory, source, options),
  )
}

/** The way every row takes into the lake, wherever it comes from. */
export function stageAndPublish(
  options: WritingOptions,
  maxRejects: number,
  fill: (database: Database, stagingDirectory: string) => Promise<StagedImport>,
): Promise<ImportReport> {
  const { dataDir, mode, signal } = options
  return withStaging(dataDir, async (stagingDirectory) => {
    using database = await openDatabase({
      spillDirectory: join(stagingDirectory, 'spill'),
      memoryLimit,
      signal,
    })
    const current = await currentInteractions(database, dataDir, mode)
    await createStage(database)
    await createItemStage(database)
    await createUserStage(database)
    const staged = await fill(database, stagingDirectory)
    const onPhase = options.onPhase ?? (() => undefined)
    onPhase('checking rows')
    const checked = await checkRows(database, dataDir, staged, maxRejects)
    onPhase('removing duplicates')
    const duplicates = await deduplicate(database)
    await database.run('DROP TABLE staged')
    const published = await publish({ database, dataDir, stagingDirectory, mode, signal, onPhase }, current)
    return report(staged, mode, checked, duplicates, published)
  })
}

/** Some twenty million rows are sorted within 2 GB; what does not fit goes to the staging directory. */
const memoryLimit = `${Math.min(2048, Math.floor(totalmem() / 2 ** 21))}MB`

async function stageSource(
  database: Database,
  stagingDirectory: string,
  source: Source,
  options: ImportOptions,
): Promise<StagedImport> {
  const files: StagedFile[] = []
  for (const [index, path] of source.ratings.entries()) {
    options.onPhase?.(
      `reading ${path}${source.ratings.length > 1 ? ` (${index + 1} of ${source.ratings.length})` : ''}`,
    )
    const file = await plainFile(path, stagingDirectory, options.signal)
    const records = await recordSource(database, file, {
      delimiter: options.delimiter,
      columns: options.columns ?? {},
    })
    const names = records.columns.map(({ name }) => name)
    const mapping = mapColumns(
      { displayPath: path, names, firstLine: records.firstLine },
      options.columns ?? {},
    )
    files.push(await stageFile(database, index, records, mapping, options.ratingRange))
  }
  files.push(...(await stageMetadata(database, stagingDirectory, source, options)))
  return { source: options.from, layout: source.layout, files }
}

/** Lines of these files that cannot be read are set aside like those of ratings. */
async function stageMetadata(
  database: Database,
  stagingDirectory: string,
  source: Source,
  { items }: ImportOptions,
): Promise<StagedFile[]> {
  const readers = [
    () => stageMovieLensItems(database, source, stagingDirectory),
    () => stageMovieLensUsers(database, source, stagingDirectory),
    () => (items === undefined ? [] : stageItemsFile(database, items, stagingDirectory)),
  ]
  const staged: StagedFile[] = []
  for (const read of readers) {
    for (const records of await read()) {
      await collectMalformed(database, source.ratings.length + staged.length, records)
      staged.push({ source: records, firstSeq: 0 })
    }
  }
  return staged
}

async function checkRows(database: Database, dataDir: string, staged: StagedImport, maxRejects: number) {
  await codeIds(database)
  const nRows = await database.value<number>(
    'SELECT (SELECT count(*) FROM staged) + (SELECT count(*) FROM malformed)',
  )
  if (nRows === 0) throw unusable(staged.source, 'has a header, but no rows')
  return { nRows, rejected: await setAside(database, dataDir, staged.files, nRows, maxRejects) }
}

function report(
  { source, layout }: StagedImport,
  mode: ImportMode,
  { nRows, rejected }: Awaited<ReturnType<typeof checkRows>>,
  duplicates: number,
  published: Published,
): ImportReport {
  const { added, outdated, replaced, total, users, items, versions } = published
  return {
    source,
    layout,
    mode,
    rowsRead: nRows,
    rowsKept: added,
    rowsDuplicate: duplicates + outdated,
    rowsRejected: rejected.count,
    rowsReplaced: replaced,
    rejectsFile: rejected.path,
    rejectReasons: rejected.reasons,
    interactions: total,
    users,
    items,
    density: total / (users * items),
    versions,
  }
}
