import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { openRegistry } from '../registry/registry.ts'
import type { ModelVersion, Registry } from '../registry/types.ts'
import { vacuumLake } from './lake-queries.ts'

export interface GarbageOptions {
  readonly dataDir: string
  /** Versions that were in production before the present one and stay, so that a rollback has somewhere to go. */
  readonly keepFormer: number
  /** The newest versions of each model stay whatever their age. */
  readonly keepNewest: number
  /** What is younger stays. */
  readonly olderThanMs: number
  /** Says what would be deleted, and deletes nothing. */
  readonly dryRun: boolean
}

/** The `--json` document of `recsys gc`. */
export interface Garbage {
  /** Files of model versions: the versions stay in the registry, archived. */
  readonly versions: readonly {
    readonly name: string
    readonly version: number
    readonly path: string
    readonly bytes: number
  }[]
  /** Directories of artifacts and checkpoints that belong to no version and no running training. */
  readonly leftovers: readonly { readonly path: string; readonly bytes: number }[]
  /** Data files of the lake that only versions need which no model that is kept was trained on. */
  readonly lake: readonly { readonly table: string; readonly files: number; readonly bytes: number }[]
  /** Rows of the registry: runs without a version, runs of flows with their log lines, due times and messages. */
  readonly records: { readonly runs: number; readonly flowRuns: number; readonly news: number }
  readonly bytes: number
  readonly deleted: boolean
}

/**
 * Deletes files that nobody needs any more: never those of a version in production, in staging or on trial, nor of the versions
 * that a rollback would go back to, nor the newest ones.
 */
export async function collectGarbage(options: GarbageOptions): Promise<Garbage> {
  const { dataDir, dryRun } = options
  const registry = openRegistry(dataDir, { create: false })
  try {
    const before = Date.now() - options.olderThanMs
    const versions = staleVersions(registry, options, before).flatMap((version) => {
      const path = join(dataDir, version.artifactPath)
      const bytes = sizeOf(path)
      return bytes === undefined ? [] : [{ name: version.name, version: version.version, path, bytes }]
    })
    const leftovers = staleDirectories(registry, dataDir, before)
    if (!dryRun) {
      for (const { name, version, path } of versions) {
        // Somebody may have promoted it meanwhile; afterwards a promotion finds no files and is refused.
        if (!isDispensable(registry, options, name, version)) continue
        registry.archive(name, version, 'its files were deleted by recsys gc')
        removeDirectory(path)
      }
      for (const { path } of leftovers) removeDirectory(path)
    }
    const lake = await collectLake(registry, options, versions)
    const at = new Date(before).toISOString()
    const records = {
      runs: registry.removeRuns(at, options.keepNewest, dryRun),
      flowRuns: registry.removeFlowRuns(at, options.keepNewest, dryRun),
      news: registry.removeOldNews(at, dryRun),
    }
    const bytes = [...versions, ...leftovers, ...lake].reduce((sum, each) => sum + each.bytes, 0)
    return { versions, leftovers, lake, records, bytes, deleted: !dryRun }
  } finally {
    registry.close()
  }
}

/** An import that is running must not lose files under its hands. */
const leastLakeAgeMs = 3_600_000

/** Every version whose files stay can still be scored on the lake version it was trained on. */
async function collectLake(
  registry: Registry,
  { dataDir, olderThanMs, dryRun }: GarbageOptions,
  gone: readonly { readonly name: string; readonly version: number }[],
): Promise<Garbage['lake']> {
  const isKept = ({ name, version, artifactPath }: ModelVersion) =>
    existsSync(join(dataDir, artifactPath)) &&
    !gone.some((each) => each.name === name && each.version === version)
  const needed = registry
    .versions()
    .filter(isKept)
    .map(({ runId }) => registry.run(runId).lakeVersion)
  const vacuumed = await vacuumLake(dataDir, needed, Math.max(olderThanMs, leastLakeAgeMs), dryRun)
  return vacuumed.flatMap(({ table, files, bytes }) =>
    files.length === 0 ? [] : [{ table, files: files.length, bytes }],
  )
}

function staleVersions(registry: Registry, options: GarbageOptions, before: number): ModelVersion[] {
  return registry.versions().filter(({ name, version, createdAt }) => {
    return Date.parse(createdAt) < before && isDispensable(registry, options, name, version)
  })
}

function isDispensable(
  registry: Registry,
  { keepFormer, keepNewest }: GarbageOptions,
  name: string,
  version: number,
): boolean {
  const needed = [
    registry.inStage(name, 'production')?.version,
    registry.inStage(name, 'staging')?.version,
    registry.trial(name)?.version,
    ...registry.formerProduction(name, keepFormer).map((former) => former.version),
    ...registry
      .versions(name)
      .map((each) => each.version)
      .slice(-keepNewest || Number.POSITIVE_INFINITY),
  ]
  return !needed.includes(version)
}

/** By their name directories belong to a run: one that is running, or registered a version, keeps its own. */
function staleDirectories(
  registry: Registry,
  dataDir: string,
  before: number,
): { path: string; bytes: number }[] {
  const running = new Set(
    registry
      .runs()
      .filter(({ status }) => status === 'running')
      .map(({ runId }) => runId),
  )
  const registered = new Set(registry.versions().map(({ artifactPath }) => basename(artifactPath)))
  const inside = (folder: string, isNeeded: (name: string) => boolean) =>
    list(join(dataDir, folder))
      .filter((name) => !name.startsWith('.') && !running.has(name) && !isNeeded(name))
      .map((name) => join(dataDir, folder, name))
  const paths = [
    ...inside('artifacts', (name) => registered.has(name)),
    ...inside('checkpoints', () => false),
  ]
  return paths.flatMap((path) => {
    const bytes = statSync(path).mtimeMs < before ? sizeOf(path) : undefined
    return bytes === undefined ? [] : [{ path, bytes }]
  })
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory).sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Bytes of all files below; undefined where there is no directory. */
function sizeOf(directory: string): number | undefined {
  const stat = statSync(directory, { throwIfNoEntry: false })
  if (!stat?.isDirectory()) return undefined
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}

/** Gone at once for whoever looks for it, and then file by file. */
function removeDirectory(path: string): void {
  const aside = join(dirname(path), `.${basename(path)}.${process.pid}.deleted`)
  renameSync(path, aside)
  rmSync(aside, { recursive: true, force: true })
}
