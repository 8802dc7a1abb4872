import type { FastifyInstance } from 'fastify'
import { onTestFinished } from 'vitest'
import { createResponseCache } from '../../src/serving/cache/response-cache.ts'
import { type AppLimits, buildApp, defaultLimits } from '../../src/serving/http/app.ts'
import type { AppContext } from '../../src/serving/http/app-context.ts'
import { createRequestMetrics } from '../../src/serving/http/request-metrics.ts'
import { createLog } from '../../src/serving/log.ts'
import { ModelSlot } from '../../src/serving/ranking/model-slot.ts'
import { ServedModel } from '../../src/serving/ranking/served-model.ts'
import { shareModel } from '../../src/serving/shared/shared-model.ts'
import { fallbacks } from '../../src/serving/types.ts'
import { type FixtureShape, fixtureContent, fixtureIdentity } from './fixture-model.ts'
import { readyStatus } from './ready-status.ts'

export interface FixtureApp {
  readonly app: FastifyInstance
  readonly slot: ModelSlot
  readonly context: AppContext
}

/** The HTTP application in this thread, with a model in its slot; closed when the test is over. */
export async function fixtureApp(
  shape: FixtureShape = {},
  given: Partial<AppContext> = {},
  limits: AppLimits = defaultLimits,
): Promise<FixtureApp> {
  const slot = new ModelSlot()
  slot.swap(new ServedModel(shareModel(fixtureContent(shape), fixtureIdentity(), 1), 1))
  const cache = createResponseCache({ maxBytes: 2 ** 20, ttlMs: 60_000 })
  const context: AppContext = {
    slot,
    log: createLog('silent', 'test'),
    cache,
    strangers: fallbacks,
    metrics: createRequestMetrics('test'),
    adminToken: undefined,
    tls: undefined,
    isTracing: false,
    keys: () => new Map(),
    keysRequired: false,
    status: () => readyStatus,
    reload: async () => ({ outcome: 'unchanged', model: fixtureIdentity() }),
    tally: {
      recommended: () => undefined,
      answered: () => undefined,
      compared: () => undefined,
      requested: () => undefined,
    },
    remember: () => undefined,
    command: async () => ({ done: true, version: null }),
    versions: async () => [],
    recentItems: () => [],
    storeEvents: async (events) => ({ accepted: events.length, duplicates: [] }),
    scrape: async () => 'recsys_ready 1\n',
    dashboard: {
      ask: async () => ({ json: '{}' }),
      live: async () => null,
      listen: () => () => undefined,
    },
    ...given,
  }
  const app = await buildApp(context, limits)
  onTestFinished(() => app.close())
  return { app, slot: context.slot, context }
}
