import { RecsysError } from '../../errors.ts'
import { listLog } from '../delta/log.ts'
import { latestVersion, readSnapshot, type Snapshot } from '../delta/snapshot.ts'
import type { Database } from '../duckdb.ts'
import { companionKeys, tableDirectory, tableSchemas } from '../tables.ts'
import type { TableName } from '../types.ts'
import { commitChange } from '../write-table.ts'
import { commitCompanion, companionFile } from './companion-tables.ts'
import { countAfter, type InteractionsChange, interactionsChange } from './interactions-change.ts'
import type { ImportMode, PublishContext } from './publish-context.ts'

export interface Published {
  readonly versions: Readonly<Record<TableName, number>>
  /** Rows of the import that are in the table now. */
  readonly added: number
  /** Rows of the import that lost against a newer row of the table. */
  readonly outdated: number
  /** Rows of the table that lost against one of the import. */
  readonly replaced: number
  /** Rows of the table now. */
  readonly total: number
  readonly users: number
  readonly items: number
}

/**
 * The version of `interactions` that an import is made against; undefined where the table is new.
 * @throws RECSYS_LAKE_EXISTS when there are tables and the mode says nothing about them
 */
export async function currentInteractions(
  database: Database,
  dataDir: string,
  mode: ImportMode,
): Promise<Snapshot | undefined> {
  const directory = tableDirectory(dataDir, 'interactions')
  const latest = latestVersion(listLog(directory))
  if (latest === undefined) return undefined
  if (mode === 'create') {
    throw new RecsysError('RECSYS_LAKE_EXISTS', {
      message: `${dataDir} has tables already (interactions version ${latest})`,
    })
  }
  return readSnapshot(database, directory, latest)
}

/**
 * Makes the staged rows part of the lake. Data files of all three tables are written first; then `items` and `users`
 * get a new version that nobody looks at yet. The one commit point is the commit of `interactions`, which names those
 * versions: before it the lake is as it was, after it all of it is new.
 * @throws RECSYS_LAKE_CONFLICT when another import was faster; nothing has changed then
 */
export async function publish(context: PublishContext, current: Snapshot | undefined): Promise<Published> {
  context.onPhase('sorting and writing interactions')
  const change = await interactionsChange(context, current)
  const counts = await countAfter(context, change)
  context.onPhase('writing items and users')
  const items = await companionFile(context, 'items', current)
  const users = await companionFile(context, 'users', current)
  context.signal?.throwIfAborted()
  context.onPhase('committing')
  const operation = operationName(context.mode, current)
  const companions = {
    items: await commitCompanion(context, 'items', items, operation),
    users: await commitCompanion(context, 'users', users, operation),
  }
  const interactions = await commitInteractions(context, current, change, companions, operation)
  const { added, outdated, replaced } = change
  return { added, outdated, replaced, ...counts, versions: { interactions, ...companions } }
}

/** In the words of the Delta protocol. */
function operationName(mode: ImportMode, current: Snapshot | undefined): string {
  if (mode === 'append') return 'MERGE'
  return current ? 'CREATE OR REPLACE TABLE AS SELECT' : 'CREATE TABLE AS SELECT'
}

function commitInteractions(
  { database, dataDir }: PublishContext,
  current: Snapshot | undefined,
  change: InteractionsChange,
  companions: { readonly items: number; readonly users: number },
  operation: string,
): Promise<number> {
  const { add, remove, added, replaced } = change
  const configuration = {
    [companionKeys.items]: String(companions.items),
    [companionKeys.users]: String(companions.users),
  }
  const metrics = { numOutputRows: added, numTargetRowsUpdated: replaced }
  const schema = tableSchemas.interactions
  const tableChange = { schema, add, remove, configuration, operation, metrics }
  return commitChange(database, tableDirectory(dataDir, 'interactions'), tableChange, current?.version ?? -1)
}
