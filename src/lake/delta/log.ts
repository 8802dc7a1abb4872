import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RecsysError } from '../../errors.ts'
import type { Action } from './actions.ts'

/** What lies in a `_delta_log`: the commits, and the checkpoints that are complete. */
export interface LogListing {
  /** Ascending. */
  readonly commits: readonly number[]
  /** Ascending by version; `files` in the order of their parts. */
  readonly checkpoints: readonly CheckpointFiles[]
}

export interface CheckpointFiles {
  readonly version: number
  readonly files: readonly string[]
}

export function logDirectory(tableDirectory: string): string {
  return join(tableDirectory, '_delta_log')
}

export function commitName(version: number): string {
  return `${String(version).padStart(20, '0')}.json`
}

/** Empty when there is no log. `_last_checkpoint` is only a hint, and listing a local directory is cheap. */
export function listLog(tableDirectory: string): LogListing {
  const names = logNames(logDirectory(tableDirectory))
  const commits = names.filter((name) => /^\d{20}\.json$/.test(name)).map((name) => Number(name.slice(0, 20)))
  return { commits: commits.sort((a, b) => a - b), checkpoints: completeCheckpoints(tableDirectory, names) }
}

function logNames(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}

/** A checkpoint is one file, or `parts` files of which all must be there: a writer may have died between them. */
function completeCheckpoints(tableDirectory: string, names: readonly string[]): CheckpointFiles[] {
  const found = new Map<string, { version: number; parts: number; files: string[] }>()
  for (const name of [...names].sort()) {
    const match = /^(\d{20})\.checkpoint(?:\.\d{10}\.(\d{10}))?\.parquet$/.exec(name)
    if (!match) continue
    const [version, parts] = [Number(match[1]), Number(match[2] ?? 1)]
    const key = `${version}/${match[2] ?? 'single'}`
    const checkpoint = found.get(key) ?? { version, parts, files: [] }
    checkpoint.files.push(join(logDirectory(tableDirectory), name))
    found.set(key, checkpoint)
  }
  return [...found.values()]
    .filter(({ parts, files }) => files.length === parts)
    .sort((a, b) => a.version - b.version)
}

/** The actions of one commit. @throws RECSYS_LAKE_CORRUPT for a line that is no JSON */
export function readCommit(tableDirectory: string, version: number): Action[] {
  const path = join(logDirectory(tableDirectory), commitName(version))
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.flatMap((line, index) =>
    line.trim() === '' ? [] : [parseAction(line, `${path}:${index + 1}`)],
  )
}

function parseAction(line: string, place: string): Action {
  try {
    return JSON.parse(line) as Action
  } catch (cause) {
    throw new RecsysError('RECSYS_LAKE_CORRUPT', { message: `${place} is not a line of JSON`, cause })
  }
}
