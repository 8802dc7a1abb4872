import { join } from 'node:path'
import { column, type StructType } from './delta/schema.ts'
import type { Snapshot } from './delta/snapshot.ts'
import type { TableName } from './types.ts'

/**
 * Columns of the three tables. `timestamp` is an instant (UTC); NULL where the source does not know it. `attributes` is a JSON
 * object with a text, a JSON array in a text, or null for each other column of the source, NULL where there is none.
 */
export const tableSchemas: Readonly<Record<TableName, StructType>> = {
  interactions: {
    type: 'struct',
    fields: [
      column('user_id', 'string'),
      column('item_id', 'string'),
      column('rating', 'float'),
      column('timestamp', 'timestamp'),
    ],
  },
  items: {
    type: 'struct',
    fields: [
      column('item_id', 'string'),
      column('title', 'string'),
      column('categories', { type: 'array', elementType: 'string', containsNull: true }),
      column('attributes', 'string'),
    ],
  },
  users: {
    type: 'struct',
    fields: [
      column('user_id', 'string'),
      column('gender', 'string'),
      column('age', 'string'),
      column('occupation', 'string'),
      column('zip_code', 'string'),
    ],
  },
}

/**
 * The three tables change together although each has a log of its own: a version of `interactions` names, in its
 * table configuration, the versions of `items` and `users` that belong to it. These are the keys.
 */
export const companionKeys = { items: 'recsys.itemsVersion', users: 'recsys.usersVersion' } as const

export function lakeDirectory(dataDir: string): string {
  return join(dataDir, 'lake')
}

export function tableDirectory(dataDir: string, table: TableName): string {
  return join(lakeDirectory(dataDir), table)
}

/** The version of `items` or `users` that belongs to a version of `interactions`; undefined where it names none. */
export function companionVersion(
  interactions: Snapshot,
  table: keyof typeof companionKeys,
): number | undefined {
  const text = interactions.metaData.configuration?.[companionKeys[table]]
  return text === undefined ? undefined : Number(text)
}
