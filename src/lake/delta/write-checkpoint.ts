import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, literal, pathLiteral } from '../duckdb.ts'
import { syncDirectory, syncFile, temporaryName } from '../durable-file.ts'
import type { Action } from './actions.ts'
import { logDirectory } from './log.ts'
import type { Snapshot } from './snapshot.ts'

/** A checkpoint is written for every version that this divides. */
export const checkpointInterval = 10

const text = 'VARCHAR'
const textMap = 'MAP(VARCHAR, VARCHAR)'

/** Columns of a checkpoint file, as the protocol names and types them. */
const checkpointColumns = {
  txn: `STRUCT(appId ${text}, version BIGINT, lastUpdated BIGINT)`,
  add: `STRUCT(path ${text}, partitionValues ${textMap}, size BIGINT, modificationTime BIGINT, dataChange BOOLEAN, tags ${textMap}, stats ${text})`,
  remove: `STRUCT(path ${text}, deletionTimestamp BIGINT, dataChange BOOLEAN, extendedFileMetadata BOOLEAN, partitionValues ${textMap}, size BIGINT)`,
  metaData: `STRUCT(id ${text}, name ${text}, description ${text}, format STRUCT(provider ${text}, options ${textMap}), schemaString ${text}, partitionColumns ${text}[], configuration ${textMap}, createdTime BIGINT)`,
  protocol: 'STRUCT(minReaderVersion INTEGER, minWriterVersion INTEGER)',
}

/**
 * Writes the checkpoint of a snapshot and points `_last_checkpoint` to it. Readers find the same state with or without
 * it; it only spares them the older commits. Both files appear by rename.
 */
export async function writeCheckpoint(database: Database, snapshot: Snapshot): Promise<void> {
  const directory = logDirectory(snapshot.tableDirectory)
  const name = `${String(snapshot.version).padStart(20, '0')}.checkpoint.parquet`
  const actions = checkpointActions(snapshot)
  const [lines, parquet] = [temporaryName(directory, 'json'), temporaryName(directory, 'parquet')]
  try {
    writeFileSync(lines, actions.map((action) => JSON.stringify(action)).join('\n'))
    await database.run(`COPY (SELECT * FROM ${readActions(lines)}) TO ${literal(parquet)} (FORMAT parquet)`)
    publish(parquet, join(directory, name))
    const last = {
      version: snapshot.version,
      size: actions.length,
      sizeInBytes: statSync(join(directory, name)).size,
    }
    writeFileSync(lines, JSON.stringify(last))
    publish(lines, join(directory, '_last_checkpoint'))
    syncDirectory(directory)
  } finally {
    rmSync(lines, { force: true })
    rmSync(parquet, { force: true })
  }
}

function readActions(path: string): string {
  const columns = Object.entries(checkpointColumns).map(([name, type]) => `"${name}": ${literal(type)}`)
  return `read_json(${pathLiteral(path)}, format = 'newline_delimited', columns = {${columns.join(', ')}}, maximum_object_size = 100000000)`
}

function publish(from: string, to: string): void {
  syncFile(from)
  renameSync(from, to)
}

/** Protocol first, then what it describes. Tombstones keep removed files from being taken for forgotten ones. */
function checkpointActions(snapshot: Snapshot): Action[] {
  const { protocol, metaData, transactions, files, tombstones } = snapshot
  return [
    { protocol },
    { metaData },
    ...transactions.map((txn) => ({ txn })),
    ...files.map((add) => ({ add: { ...add, dataChange: false } })),
    ...tombstones.map((remove) => ({ remove: { ...remove, dataChange: false } })),
  ]
}
