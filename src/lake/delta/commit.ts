import { linkSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { RecsysError } from '../../errors.ts'
import { createDirectory, syncDirectory, syncFile, temporaryName } from '../durable-file.ts'
import type { Action } from './actions.ts'
import { commitName, logDirectory } from './log.ts'

/**
 * Commits a version. Commit point: the hard link of the finished, fsynced file to its name. A link never overwrites, so
 * of two writers of the same version exactly one succeeds, and nobody ever sees half a commit.
 * @throws RECSYS_LAKE_CONFLICT when the version exists already
 */
export function commit(tableDirectory: string, version: number, actions: readonly Action[]): void {
  const directory = logDirectory(tableDirectory)
  createDirectory(directory)
  const temporary = temporaryName(directory, 'json')
  try {
    writeFileSync(temporary, actions.map((action) => `${JSON.stringify(action)}\n`).join(''))
    syncFile(temporary)
    linkSync(temporary, join(directory, commitName(version)))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw conflict(basename(tableDirectory), version, error)
  } finally {
    rmSync(temporary, { force: true })
  }
  syncDirectory(directory)
}

function conflict(table: string, version: number, cause: unknown): RecsysError {
  return new RecsysError('RECSYS_LAKE_CONFLICT', {
    message: `another writer has committed version ${version} of table ${table}`,
    cause,
    data: { table, version },
  })
}
