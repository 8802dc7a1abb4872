import { RecsysError } from '../../errors.ts'
import { type Database, pathList } from '../duckdb.ts'
import type { Action } from './actions.ts'
import type { CheckpointFiles } from './log.ts'

const kinds = ['protocol', 'metaData', 'add', 'remove', 'txn'] as const

/** The actions of a checkpoint, of one file or of several parts. @throws RECSYS_LAKE_CORRUPT */
export async function readCheckpoint(database: Database, checkpoint: CheckpointFiles): Promise<Action[]> {
  const source = `read_parquet(${pathList(checkpoint.files)}, union_by_name = true, hive_partitioning = false)`
  try {
    const columns = await database.rows<{ column_name: string }>(`DESCRIBE SELECT * FROM ${source}`)
    const present = kinds.filter((kind) => columns.some((column) => column.column_name === kind))
    const fields = present.map((kind) => `to_json("${kind}") AS "${kind}"`)
    const rows = await database.rows<Record<string, string | null>>(
      `SELECT ${fields.join(', ')} FROM ${source}`,
    )
    return rows.map(parseRow)
  } catch (cause) {
    if (cause instanceof RecsysError) throw cause
    throw new RecsysError('RECSYS_LAKE_CORRUPT', {
      message: `checkpoint ${checkpoint.version} cannot be read: ${(cause as Error).message}`,
      cause,
    })
  }
}

function parseRow(row: Record<string, string | null>): Action {
  const filled = Object.entries(row).filter(([, json]) => json !== null)
  return Object.fromEntries(filled.map(([kind, json]) => [kind, JSON.parse(json!)]))
}
