import { onTestFinished, vi } from 'vitest'
import { Supervisor } from '../../src/serving/supervisor/supervisor.ts'
import type { ServeOptions } from '../../src/serving/types.ts'
import { fallbacks } from '../../src/serving/types.ts'
import { modelChanges, quietRelease } from './quiet-release.ts'
import { modelName, noFallback } from './registered.ts'

/** So long that what happens in a test is not the poll's doing. */
export const never = 3_600_000

/** A server on a free port, in this process with its threads; stopped when the test is over. */
export async function startServer(dataDir: string, given: Partial<ServeOptions> = {}): Promise<Supervisor> {
  const server = await Supervisor.start({
    dataDir,
    modelName,
    host: '127.0.0.1',
    port: 0,
    nThreads: 2,
    pollIntervalMs: never,
    drainTimeoutMs: 5000,
    logLevel: 'silent',
    keysRequired: false,
    strangers: fallbacks,
    requestsPerSecond: 0,
    cache: { maxBytes: 2 ** 20, ttlMs: 60_000 },
    events: {
      flush: async () => ({ events: 0 }),
      flushIntervalMs: 60_000,
      flushEvents: 10_000,
      newItemsMs: 5000,
    },
    release: { ...quietRelease, changes: modelChanges(dataDir) },
    fallback: noFallback,
    ...given,
  })
  onTestFinished(() => server.stop())
  return server
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
