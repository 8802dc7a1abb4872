import { tmpdir } from 'node:os'
import { defaultLimits } from '../../src/serving/http/app.ts'
import { createLog } from '../../src/serving/log.ts'
import type { SharedModel } from '../../src/serving/shared/shared-model.ts'
import { RequestThreads } from '../../src/serving/supervisor/request-threads.ts'
import { fallbacks } from '../../src/serving/types.ts'
import { readyStatus } from '../serving/ready-status.ts'

/** Request threads on a free port that serve one model; nothing watches a registry and nothing is stored. */
export async function serveModel(
  model: SharedModel,
  nThreads: number,
  cacheBytes: number,
  redisUrl?: string,
): Promise<RequestThreads> {
  const threads = await RequestThreads.start({
    nThreads,
    log: createLog('error', 'bench'),
    status: readyStatus,
    keys: [],
    data: {
      host: '127.0.0.1',
      port: 0,
      logLevel: 'error',
      reusePort: nThreads > 1,
      adminToken: undefined,
      dataDir: tmpdir(),
      tls: undefined,
      keysRequired: false,
      strangers: fallbacks,
      tracing: undefined,
      limits: defaultLimits,
      cache: { maxBytes: cacheBytes, ttlMs: 60_000, redisUrl },
    },
    answer: async () => '',
    onListeners: () => undefined,
    tally: () => undefined,
    storeEvents: async () => ({ accepted: 0, duplicates: [] }),
    onRestart: () => undefined,
  })
  await threads.changeOver({ model })
  return threads
}
