import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readArtifact } from '../artifacts/artifact.ts'
import { type ErrorCode, RecsysError } from '../errors.ts'
import { EventReader, type Feedback, journalPath } from '../registry/event-journal.ts'
import type { AuditEntry, ModelVersion, Run, Stage } from '../registry/types.ts'
import { chooseVersion, type VersionChoice } from './choose-version.ts'
import { readRegistry } from './read-registry.ts'
import { type Reign, reignsOf } from './reigns.ts'

/** The `--json` document of `recsys models list`. */
export interface ModelList {
  readonly versions: readonly ModelVersion[]
}

export interface ModelListOptions {
  readonly dataDir: string
  readonly name?: string | undefined
  readonly stage?: Stage | undefined
  /** Default: all. */
  readonly limit?: number | undefined
}

/** Registered versions by name, the newest of a name first. */
export function listModels({ dataDir, name, stage, limit }: ModelListOptions): ModelList {
  const versions = readRegistry(dataDir, (registry) => registry.versions(name))
  const asked = versions.filter((version) => stage === undefined || version.stage === stage)
  const newestFirst = asked.sort((a, b) =>
    a.name === b.name ? b.version - a.version : a.name < b.name ? -1 : 1,
  )
  return { versions: newestFirst.slice(0, limit) }
}

/** The `--json` document of `recsys models show`. */
export interface ModelDetails {
  readonly version: ModelVersion
  readonly run: Run
  readonly artifact: ArtifactState
  /** What came of its recommendations; null where no server has counted any. */
  readonly feedback: Feedback | null
  /** What happened to this version, oldest first. */
  readonly history: readonly AuditEntry[]
}

export interface ArtifactState {
  /** Null when the directory cannot be read. */
  readonly sizeBytes: number | null
  /** `sound`: every size, checksum, shape and range is right. */
  readonly state: 'sound' | 'damaged'
  readonly problem: { readonly code: ErrorCode; readonly message: string } | null
}

/** A version, the run it came from, what happened to it, and whether its files are as they were written. */
export async function showModel(
  options: VersionChoice & { readonly dataDir: string },
): Promise<ModelDetails> {
  const { dataDir } = options
  const found = readRegistry(dataDir, (registry) => {
    const version = chooseVersion(registry, options)
    const history = registry.history(version.name).filter((entry) => concerns(entry, version.version))
    return { version, run: registry.run(version.runId), history }
  })
  const feedback = feedbackOn(dataDir, found.version.version)
  return { ...found, feedback, artifact: await artifactState(dataDir, found.version) }
}

/** Servers count by version: two models under one data directory share the numbers of their versions. */
function feedbackOn(dataDir: string, version: number): Feedback | null {
  if (!existsSync(journalPath(dataDir))) return null
  const reader = new EventReader(dataDir)
  try {
    return reader.feedbackOn(version)
  } finally {
    reader.close()
  }
}

function concerns(entry: AuditEntry, version: number): boolean {
  return entry.version === version || (entry.previousVersion === version && entry.action !== 'refuse')
}

async function artifactState(
  dataDir: string,
  { artifactPath, manifestSha256 }: ModelVersion,
): Promise<ArtifactState> {
  const directory = join(dataDir, artifactPath)
  try {
    await readArtifact(directory, { manifestSha256 })
    return { sizeBytes: await directoryBytes(directory), state: 'sound', problem: null }
  } catch (error) {
    if (!(error instanceof RecsysError)) throw error
    const { code, message } = error
    return { sizeBytes: null, state: 'damaged', problem: { code, message } }
  }
}

async function directoryBytes(directory: string): Promise<number> {
  const files = await readdir(directory)
  const sizes = await Promise.all(files.map(async (name) => (await stat(join(directory, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** The `--json` document of `recsys models history`. */
export interface ModelHistory {
  /** Oldest first. */
  readonly entries: readonly AuditEntry[]
  /** Who was in production when, oldest first. */
  readonly production: readonly Reign[]
}

/** The audit trail of a name, or of all. */
export function modelHistory(options: {
  readonly dataDir: string
  readonly name?: string | undefined
}): ModelHistory {
  const entries = readRegistry(options.dataDir, (registry) => registry.history(options.name))
  return { entries, production: reignsOf(entries) }
}
