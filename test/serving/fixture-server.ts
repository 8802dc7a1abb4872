import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'
import { writeArtifact } from '../../src/artifacts/artifact.ts'
import type { ArtifactContent } from '../../src/artifacts/types.ts'
import { RecsysError } from '../../src/errors.ts'
import { ringDoorbell } from '../../src/registry/doorbell.ts'
import { openRegistry } from '../../src/registry/registry.ts'
import type { ModelVersion } from '../../src/registry/types.ts'
import { Supervisor } from '../../src/serving/supervisor/supervisor.ts'
import type { ServeOptions } from '../../src/serving/types.ts'
import { type FixtureShape, fixtureContent } from './fixture-model.ts'

const name = 'recommender'
/** So long that what happens in a test is not the poll's doing. */
export const never = 3_600_000

/** A server on a free port, in this process with its threads; stopped when the test is over. */
export async function startServer(dataDir: string, given: Partial<ServeOptions> = {}): Promise<Supervisor> {
  const server = await Supervisor.start({
    dataDir,
    host: '127.0.0.1',
    port: 0,
    nThreads: 2,
    modelName: name,
    pollIntervalMs: never,
    drainTimeoutMs: 5000,
    logLevel: 'silent',
    fallback: noLake,
    ...given,
  })
  onTestFinished(() => server.stop())
  return server
}

/** What the reader of the lake does where there is none. */
export async function noLake(): Promise<ArtifactContent> {
  throw new RecsysError('RECSYS_LAKE_MISSING', { message: 'there are no tables' })
}

/** Registers a fixture model. Every score of version n is near 1000 n, so that an answer tells where it comes from. */
export async function register(dataDir: string, shape: FixtureShape = {}): Promise<ModelVersion> {
  const registry = openRegistry(dataDir)
  try {
    const runId = registry.createRun({
      algorithm: 'svd',
      params: {},
      seed: 1,
      split: 'hash:0.2',
      lakeVersion: 0,
      programVersion: '0.0.0',
      nodeVersion: process.version,
      tags: {},
    })
    const offset = 1000 * (registry.versions(name).length + 1)
    const artifactPath = `artifacts/${runId}`
    const content = fixtureContent({ offset, ...shape })
    const { manifestSha256 } = await writeArtifact(join(dataDir, artifactPath), content)
    const finished = { splitFingerprint: '0'.repeat(64), metrics: {}, durationsMs: {} }
    return registry.finishRun(runId, finished, { name, artifactPath, manifestSha256 }) as ModelVersion
  } finally {
    registry.close()
  }
}

/** Moves a version into production; `quietly` leaves the doorbell alone. */
export function promote(
  dataDir: string,
  { version }: ModelVersion,
  how: 'ringing' | 'quietly' = 'ringing',
): void {
  const registry = openRegistry(dataDir)
  try {
    registry.changeStage({
      name,
      version,
      stage: 'production',
      action: 'promote',
      expectedPrevious: registry.inStage(name, 'production')?.version ?? null,
      reason: 'test',
      figures: {},
    })
  } finally {
    registry.close()
  }
  if (how === 'ringing') ringDoorbell(dataDir, { name, version })
}

/** Registers and promotes. */
export async function publish(
  dataDir: string,
  how: 'ringing' | 'quietly' = 'ringing',
  shape: FixtureShape = {},
): Promise<ModelVersion> {
  const version = await register(dataDir, shape)
  promote(dataDir, version, how)
  return version
}

/** What the tests look at in an answer. */
export interface Answer {
  readonly status: string
  readonly failure: unknown
  readonly model: { readonly name: string; readonly version: number | null; readonly runId: string | null }
  readonly items: readonly { readonly itemId: string; readonly score: number }[]
}

export async function getJson(server: { url: string }, path: string) {
  const response = await fetch(server.url + path)
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answer }
}

/** Resolves when the version is in service. */
export async function inService(server: Supervisor, version: number | null): Promise<void> {
  await vi.waitFor(
    () => {
      const { model, failure } = server.status()
      if (model === null || model.version !== version) {
        throw new Error(`in service: ${JSON.stringify(model)}, failure: ${JSON.stringify(failure)}`)
      }
    },
    { timeout: 10_000, interval: 10 },
  )
}

/** Resolves with the failure when an attempt to change over has failed. */
export async function failing(server: Supervisor) {
  return vi.waitFor(
    () => {
      const { failure } = server.status()
      if (failure === null) throw new Error('nothing has failed')
      return failure
    },
    { timeout: 10_000, interval: 10 },
  )
}
